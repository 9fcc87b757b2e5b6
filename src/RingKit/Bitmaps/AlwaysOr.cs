using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>Marks are never skipped: the atomic or itself orders the store before the bit (E4). A harvest needs no fence.</summary>
public readonly struct AlwaysOr : IMarking
{
    /// <inheritdoc/>
    public static bool TestsFirst => false;

    /// <inheritdoc/>
    public static void OrderStores<TOrdering>()
        where TOrdering : struct, IOrdering
    {
    }

    /// <inheritdoc/>
    public static void OrderTakes<TOrdering>()
        where TOrdering : struct, IOrdering
    {
    }
}
