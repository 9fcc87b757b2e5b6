using RingKit.Ordering;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>The harvesting end of an index-published dirty ring: learns which pages were dirtied, in the order in which they were.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with the producer and the resetter. What is harvested still fills the ring until it is reset.
/// Read a page's contents only after its entry was reset. <see cref="DirtyGfn.Flags"/> of an entry is padding here and means nothing.
/// </remarks>
/// <typeparam name="TIndexing">How the ring counts.</typeparam>
public readonly struct IndexPublishedHarvester<TIndexing>
    where TIndexing : struct, IIndexing
{
    private readonly IndexPublishedCore<HardwareOrdering, TIndexing> _ring;

    internal IndexPublishedHarvester(IndexPublishedCore<HardwareOrdering, TIndexing> ring) => _ring = ring;

    /// <summary>Harvests that found an avail_index which the producer had not reached, and took nothing on its word.</summary>
    public ulong ForgedAvails => _ring.Read(ref _ring.Control.ForgedAvails);

    /// <summary>
    /// Entries that were reset before a harvest came to them, since someone else had moved fetch_index over them: pages that were never reported.
    /// </summary>
    public ulong OvertakenEntries => _ring.Read(ref _ring.Control.OvertakenEntries);

    /// <summary>Copies published entries out, in ring order, and releases them to the resetter.</summary>
    /// <param name="destination">Filled from its start; its length is the most that is taken.</param>
    /// <returns>How many entries were taken; 0 if none is published.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Harvest(Span<DirtyGfn> destination)
    {
        var sink = new CopyingSink(destination);
        return _ring.Harvest(ref sink, destination.Length);
    }

    /// <summary>Hands published entries to a sink, in ring order, and then releases those that it took to the resetter.</summary>
    /// <param name="sink">Takes the entries.</param>
    /// <param name="maximum">The most that is taken, 0 or more. One call never takes more than was published when it began.</param>
    /// <returns>How many entries were taken; 0 if none is published.</returns>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Harvest<TSink>(ref TSink sink, int maximum = int.MaxValue)
        where TSink : struct, IDirtyEntrySink, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return _ring.Harvest(ref sink, maximum);
    }

    /// <summary>Lends published entries where they lie; they stay in the ring until <see cref="BorrowedEntries.Release"/>.</summary>
    /// <param name="maximum">The most that is lent, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public BorrowedEntries Borrow(int maximum = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return new BorrowedEntries(_ring, _ring.CountPublished(maximum));
    }
}
