using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;

namespace RingKit.Bench.HashTable;

/// <summary>A guest that maps all of its memory, as far as its hashed page table has room, in a segment of 1 TiB; and a second slot, as large as a VGA card's.</summary>
internal sealed class BenchGuest : IDisposable
{
    public const ulong SmallSlotPages = 256;

    // The rest stays free, so that the groups have room for most pages.
    private const double Fill = 0.85;
    private const ulong Vsid = 0x2B3C4D5;
    private const ulong Mix = 0x9E37_79B9_7F4A_7C15;

    private readonly GuestMemory _memory = new();
    private readonly List<ulong>[] _entries = [[], []];
    private readonly byte[][] _bitmaps;
    private readonly byte[][] _expected;
    private readonly List<ulong> _dirty = [];
    private int _dirtySlot;

    public BenchGuest(GuestShape shape)
    {
        Shape = shape;
        int extra = shape.PageShift - GuestPage.Shift;
        _memory.AddSlotWithoutBytes(0, 0, shape.Pages << extra);
        _memory.AddSlotWithoutBytes(1, shape.Pages << extra, SmallSlotPages << extra);
        Core = new Book3sHvCore<HardwareOrdering>(_memory, new HashTableOptions { Order = shape.TableOrder, PageShift = shape.PageShift });
        _bitmaps = [.. Core.Slots.Select(slot => new byte[slot.WordCount * sizeof(ulong)])];
        _expected = [.. Core.Slots.Select(slot => new byte[slot.WordCount * sizeof(ulong)])];
        MapAll();
        StartLogging(byFaults: false);
    }

    public GuestShape Shape { get; }

    public Book3sHvCore<HardwareOrdering> Core { get; }

    /// <summary>How many pages of the main slot have an entry.</summary>
    public int Mapped => _entries[0].Count;

    /// <summary>How many pages <see cref="StoreByHardware"/> and <see cref="StoreByFault"/> make dirty.</summary>
    public int DirtyPages => _dirty.Count;

    /// <summary>Their offsets in their slot.</summary>
    public IEnumerable<ulong> DirtyOffsets => Enumerable.Range(0, (int)Core.Slots[_dirtySlot].PageCount)
        .Where(page => (_expected[_dirtySlot][page >> 3] >> (page & 7) & 1) != 0).Select(page => (ulong)page);

    /// <summary>Starts to log both slots anew.</summary>
    public void StartLogging(bool byFaults)
    {
        var thread = default(BenchThread);
        foreach (HashSlot<HardwareOrdering> slot in Core.Slots)
            slot.StopLogging();
        Core.LogsByFaults = byFaults;
        foreach (HashSlot<HardwareOrdering> slot in Core.Slots)
            Core.StartLogging(ref thread, slot);
    }

    /// <summary>Chooses the pages that are going to be dirty, at random among those of a slot that are mapped.</summary>
    public void ChooseDirty(int slot, double part)
    {
        var random = new Random(20111231);
        _dirtySlot = slot;
        _dirty.Clear();
        Array.Clear(_expected[slot]);
        foreach (ulong index in _entries[slot])
        {
            if (random.NextDouble() >= part)
                continue;
            _dirty.Add(index);
            ulong page = (Core.Chains.LoadGuestR(index) & HpteR.Rpn) >> Shape.PageShift;
            page -= Core.Slots[slot].BaseGfn;
            _expected[slot][page >> 3] |= (byte)(1 << (int)(page & 7));
        }
    }

    /// <summary>What a processor does that stores to the chosen pages.</summary>
    public void StoreByHardware()
    {
        foreach (ulong index in _dirty)
            Core.Table.SetByHardware(index, HpteR.ReferencedChanged);
    }

    /// <summary>What the faults of the stores leave behind, where entries are read-only.</summary>
    public void StoreByFault()
    {
        var thread = default(BenchThread);
        HashSlot<HardwareOrdering> slot = Core.Slots[_dirtySlot];
        foreach (ulong index in _dirty)
        {
            Hpte entry = Core.Table.Lock(index, ref thread);
            ulong page = (Core.Chains.LoadGuestR(index) & HpteR.Rpn) >> Shape.PageShift;
            Core.RecordWrite(slot, page - slot.BaseGfn, PageSize);
            Core.Table.StoreR(index, entry with { R = (entry.R & ~HpteR.Protection) | 2 });
            Core.Table.Unlock(index, entry.V);
        }
    }

    /// <summary>What the chooser takes.</summary>
    public HarvestMethod Choose() => Core.Choose(Core.Slots[_dirtySlot], EntryRule.Changed);

    /// <summary>GET of the slot.</summary>
    public HarvestStatistics Get(HarvestMethod method)
    {
        var thread = default(BenchThread);
        Errno errno = Core.GetDirtyLog(ref thread, (uint)_dirtySlot, _bitmaps[_dirtySlot], method, vcpusRun: true, out HarvestStatistics statistics);
        return errno == Errno.None ? statistics : throw new InvalidOperationException($"GET answered {errno}.");
    }

    /// <summary>Compares what the last GET returned, or another log did, with the chosen pages.</summary>
    public bool IsExpected(ReadOnlySpan<byte> bitmap) => bitmap.SequenceEqual(_expected[_dirtySlot]);

    public bool ReportedExpected => IsExpected(_bitmaps[_dirtySlot]);

    public void Dispose()
    {
        Core.Dispose();
        _memory.Dispose();
    }

    private HptePageSize PageSize => Shape.PageShift == GuestPage.Shift ? HptePageSize.Small : HptePageSize.Medium;

    private void MapAll()
    {
        for (ulong offset = 0; offset < SmallSlotPages; offset++)
            Map(1, offset, Shape.Pages + offset);
        ulong most = (ulong)(Core.Table.Geometry.EntryCount * Fill);
        for (ulong offset = 0; offset < Shape.Pages && (ulong)_entries[0].Count < most; offset++)
            Map(0, offset, Shape.Order == FrameOrder.InSequence ? offset : Scatter(offset));

        // The order in which pages become dirty makes no difference to a harvest; this one is quick.
        _entries[0].Sort();
    }

    // One to one on the pages, whose number is a power of two.
    private ulong Scatter(ulong page)
    {
        int half = (int.Log2((int)Shape.Pages) + 1) / 2;
        for (int round = 0; round < 3; round++)
        {
            page = (page * Mix) & (Shape.Pages - 1);
            page ^= page >> half;
        }

        return page;
    }

    // By the primary hash, else the secondary, as a guest does. What H_ENTER would do besides is to look up the host's page.
    private void Map(int slotIndex, ulong offset, ulong virtualPage)
    {
        var thread = default(BenchThread);
        HashSlot<HardwareOrdering> slot = Core.Slots[slotIndex];
        ulong address = virtualPage << Shape.PageShift;
        HptGeometry geometry = Core.Table.Geometry;
        ulong hash = HptGeometry.Hash(Vsid, address, Shape.PageShift, oneTebibyte: true);
        for (int attempt = 0; attempt < 2 * HptGeometry.EntriesPerGroup; attempt++)
        {
            bool secondary = attempt >= HptGeometry.EntriesPerGroup;
            ulong index = (geometry.Group(hash, secondary) * HptGeometry.EntriesPerGroup) + ((ulong)attempt % HptGeometry.EntriesPerGroup);
            if ((Core.Table.LoadState(index) & HpteV.Valid) != 0)
                continue;

            ulong v = HptGeometry.FirstWord(Vsid, address, Shape.PageShift, oneTebibyte: true, secondary);
            ulong bits = PageSize.Selector | HpteR.Coherent | 2;
            Core.Table.Lock(index, ref thread);
            Core.Chains.StoreGuestR(index, ((slot.BaseGfn + offset) << Shape.PageShift) | bits);
            ref ulong rmap = ref slot.RmapOf(offset);
            ulong word = Core.Chains.Lock(ref rmap, ref thread);
            Core.Chains.Unlock(ref rmap, Core.Chains.Add(word, (uint)index));
            Core.Table.StoreR(index, new Hpte(v, (slot.HostAddress + (offset << Shape.PageShift)) | bits));
            Core.Table.Unlock(index, v);
            _entries[slotIndex].Add(index);
            return;
        }
    }
}
