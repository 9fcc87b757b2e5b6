using RingKit.Bitmaps;
using RingKit.Bitmaps.Cores;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Overflow;

/// <summary>
/// A dirty ring that never stops its vCPU: when it is full, pages are marked in a bitmap for each slot instead, until the next collection.
/// </summary>
/// <remarks>
/// Thread role: <see cref="Producer"/> and <see cref="Collector"/> by one thread each at a time, concurrently. A page that was pushed is in
/// the ring or in a bitmap, and what was pushed before a collection began is in that collection. The ring's pages come first,
/// coalesced in the order of their pushes, then the bitmaps', all of them pushed later, in the order of slots and pages. A collection costs what is
/// dirty while the ring suffices, and a search through the bitmaps when it did not. <see cref="Dispose"/> when both have ended.
/// </remarks>
public sealed class OverflowingDirtyRing : IDisposable
{
    private readonly OverflowingCore<HardwareOrdering> _core;

    /// <summary>Makes an empty ring and clean bitmaps.</summary>
    /// <param name="capacity">Entries of the ring: a power of two, at most <see cref="DirtyRing.MaximumCapacity"/>.</param>
    /// <param name="slots">The memory slots and their sizes in pages, each from 1 to <see cref="DirtyBitmap.MaximumPages"/>.</param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <exception cref="ArgumentNullException">There are no slots.</exception>
    /// <exception cref="ArgumentException">A slot comes twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public OverflowingDirtyRing(
        int capacity, IEnumerable<(uint Slot, ulong Pages)> slots, int reservedEntries = DirtyRing.DefaultReservedEntries)
    {
        ArgumentNullException.ThrowIfNull(slots);
        DirtyRing.CheckCapacity(capacity, nameof(capacity));
        DirtyRing.CheckReserve(reservedEntries, capacity);
        (uint Slot, ulong Pages)[] all = [.. slots];
        foreach ((uint slot, ulong pages) in all)
        {
            if (pages is 0 or > DirtyBitmap.MaximumPages)
                throw new ArgumentOutOfRangeException(nameof(slots), pages, $"A slot has from 1 to {DirtyBitmap.MaximumPages} pages.");
            if (all.Count(other => other.Slot == slot) != 1)
                throw new ArgumentException($"Slot {slot:x} comes more than once.", nameof(slots));
        }

        using var entries = new NativeBlock<DirtyGfn>((nuint)capacity, alignment: (nuint)Environment.SystemPageSize);
        _core = new OverflowingCore<HardwareOrdering>(
            new DirtyRingCore<HardwareOrdering>(entries.View, (uint)reservedEntries),
            all.Select(slot => (slot.Slot, MakeBitmap(slot.Pages))));
    }

    /// <summary>How many entries the ring has.</summary>
    public int Capacity => (int)_core.Ring.Capacity;

    /// <summary>Entries in the ring. May be out of date as soon as it is read.</summary>
    public int Used => (int)_core.Ring.Used;

    /// <summary>Whether pages go to the bitmaps. Either thread may change that at any time.</summary>
    public bool IsOverflowed => _core.IsOverflowed;

    /// <summary>Pushes that went to a bitmap.</summary>
    public ulong FallBacks => _core.FallBacks;

    /// <summary>The end for the vCPU that dirties pages. One thread at a time.</summary>
    public OverflowingProducer Producer => new(_core);

    /// <summary>The end for whoever wants to know them, and protects them again. One thread at a time.</summary>
    public OverflowingCollector Collector => new(_core);

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();

    private static DirtyBitmapCore<HardwareOrdering> MakeBitmap(ulong pages)
    {
        using var words = new NativeBlock<ulong>((nuint)DirtyBitmapCore<HardwareOrdering>.WordsFor(pages));
        return new DirtyBitmapCore<HardwareOrdering>(words.View, pages);
    }
}
