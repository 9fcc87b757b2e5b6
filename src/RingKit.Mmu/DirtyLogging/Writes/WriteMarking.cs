using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Writes;

/// <summary>The order in which a write without a vCPU and the start of a log do what they do.</summary>
/// <remarks>
/// Nothing is lost, and nobody has to be asked to stop for a moment:
/// <para>writer: store the data, look whether the slot is logged, and mark the page; always, not even a page that is dirty already is skipped;</para>
/// <para>start: raise the flag, then let all pages be copied once;</para>
/// <para>harvest: take the mark (E4), then let the page be copied.</para>
/// A mark before the store could be taken by a harvest whose copy comes before the store. Protection plays no part: such a writer has no translation that grants it a
/// second store without a mark.
/// </remarks>
internal static class WriteMarking<TOrdering>
    where TOrdering : struct, IOrdering
{
    /// <summary>Marks pages whose bytes have been stored, if their slot is logged.</summary>
    /// <param name="isLogged">The slot's flag, not 0 if it is.</param>
    /// <param name="pages">The slot's marks, made when they are needed.</param>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    public static void Mark<TPages>(ref readonly uint isLogged, TPages pages, ulong first, ulong count)
        where TPages : struct, IMarkedPages
    {
        TOrdering.FullFence();                                                        // E90: stored, then look whether it is logged
        if (TOrdering.LoadRelaxed(in isLogged) != 0)
            pages.Tracker.MarkRange(first, count);
    }

    /// <summary>The flags are up: from here on memory may be copied.</summary>
    public static void Started() => TOrdering.FullFence();                            // E90: flag up, then let memory be read
}
