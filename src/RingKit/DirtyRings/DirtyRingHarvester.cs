using RingKit.Ordering;

namespace RingKit.DirtyRings;

/// <summary>The harvesting end of a slot-published dirty ring: learns which pages were dirtied, in the order in which they were.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with one <see cref="DirtyRingProducer"/> and one <see cref="DirtyRingResetter"/>. What is
/// harvested still fills the ring until it is reset. Read a page's contents only after its entry was reset: a store in between is reported
/// by nobody else.
/// <para>
/// Over memory that another party can write, slot and offset are whatever it left there: check them before they are followed. A reset checks
/// them itself.
/// </para>
/// </remarks>
public readonly struct DirtyRingHarvester
{
    private readonly DirtyRingCore<HardwareOrdering> _ring;

    internal DirtyRingHarvester(DirtyRingCore<HardwareOrdering> ring) => _ring = ring;

    /// <summary>Harvests that stopped at flags which are none of 0, dirty and reset: someone else writes into the entries.</summary>
    public ulong ForeignFlags => _ring.Read(ref _ring.Control.ForeignFlags);

    /// <summary>
    /// Harvests that stopped at an entry which claimed to be dirty but had never been published. Always 0 where the producer is elsewhere
    /// (<see cref="DirtyRing.AttachToProducer"/>), since nobody here can tell.
    /// </summary>
    public ulong ForgedEntries => _ring.Read(ref _ring.Control.ForgedEntries);

    /// <summary>
    /// Entries that were reset before a harvest came to them, since someone else had marked them as harvested: pages that were never reported.
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

    /// <summary>Hands published entries to a sink, in ring order, and releases each to the resetter when the sink has taken it.</summary>
    /// <param name="sink">Takes the entries.</param>
    /// <param name="maximum">The most that is taken, 0 or more. One call never takes more than the ring's capacity.</param>
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

    /// <inheritdoc cref="DirtyRingCore{TOrdering}.GoBetween"/>
    internal int GoBetween(uint first, uint end) => _ring.GoBetween(first, end);

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
