using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>
/// A test without a fence; the or is skipped where the page is dirty already. The harvest pays: one process-wide fence for each batch of
/// words that it takes, microseconds and an interrupt of every processor that runs the process.
/// </summary>
/// <remarks>The fence reaches the threads of this process alone: not for bitmaps that another process marks.</remarks>
public readonly struct TestBeforeBarrier : IMarking
{
    /// <inheritdoc/>
    public static bool TestsFirst => true;

    /// <inheritdoc/>
    public static void OrderStores<TOrdering>()
        where TOrdering : struct, IOrdering
    {
    }

    /// <inheritdoc/>
    public static void OrderTakes<TOrdering>()
        where TOrdering : struct, IOrdering =>
        TOrdering.ProcessWideFence();                                                 // E41
}
