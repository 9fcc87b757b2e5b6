using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>
/// A full fence, then a test; the or is skipped where the page is dirty already. A fence costs about what the or does, but a word that is
/// only read stays in the caches of all processors: for pages that many threads keep dirty.
/// </summary>
public readonly struct TestBehindFence : IMarking
{
    /// <inheritdoc/>
    public static bool TestsFirst => true;

    /// <inheritdoc/>
    public static void OrderStores<TOrdering>()
        where TOrdering : struct, IOrdering =>
        TOrdering.FullFence();                                                        // E40

    /// <inheritdoc/>
    public static void OrderTakes<TOrdering>()
        where TOrdering : struct, IOrdering =>
        TOrdering.FullFence();                                                        // E40
}
