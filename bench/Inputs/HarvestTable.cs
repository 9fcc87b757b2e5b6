using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Bench.Inputs;

/// <summary>A guest whose kernel maps all of its memory, as far as its hashed page table has room, in segments of 1 TiB.</summary>
internal sealed class HarvestTable : IDisposable
{
    // More than the last-level cache that a virtual machine has for itself.
    private const int EvictedBytes = 64 << 20;

    // Entries that stay free, so that the groups have room for most pages.
    private const double Fill = 0.85;

    // A machine may refuse more at once than it has, though nothing of the guest's memory is touched.
    private const ulong LargestSlotBytes = 8UL << 30;

    // A display's memory.
    private const ulong SmallSlotPages = 256;

    private readonly GuestMemory _memory = new();
    private readonly List<ulong> _entries = [];
    private readonly byte[] _bitmap = new byte[SmallSlotPages / 8];
    private readonly byte[] _evicted = new byte[EvictedBytes];
    private ulong[] _dirty = [];

    /// <param name="guestBytes">The guest's memory.</param>
    /// <param name="pageShift">log2 of the pages of guest and host: 12 or 16.</param>
    /// <param name="ratio">The guest's memory as a multiple of its table.</param>
    /// <param name="maps">Whether its pages are mapped.</param>
    public HarvestTable(ulong guestBytes, int pageShift, int ratio, bool maps = true)
    {
        Pages = guestBytes >> pageShift;
        ulong slotPages = Math.Min(guestBytes, LargestSlotBytes) >> GuestPage.Shift;
        for (ulong gfn = 0; gfn < guestBytes >> GuestPage.Shift; gfn += slotPages)
            _memory.AddSlot((ushort)_memory.Slots.Length, gfn, slotPages);
        _memory.AddSlot((ushort)_memory.Slots.Length, guestBytes >> GuestPage.Shift, SmallSlotPages << (pageShift - GuestPage.Shift));
        Core = new Book3sHvCore<HardwareOrdering>(
            _memory, new HashTableOptions { Order = int.Max(18, (int)ulong.Log2(guestBytes / (ulong)ratio)), PageShift = pageShift });
        if (maps)
            MapAll(pageShift);
        foreach (HashSlot<HardwareOrdering> slot in Core.Slots)
            slot.Logs = slot != Small;
    }

    public Book3sHvCore<HardwareOrdering> Core { get; }

    public ulong Pages { get; }

    /// <summary>How many pages have an entry.</summary>
    public int Mapped => _entries.Count;

    /// <summary>Which entries <see cref="Store"/> changes.</summary>
    public void ChooseDirty(double part)
    {
        var random = new Random(5);
        _dirty = [.. _entries.Where(_ => random.NextDouble() < part)];
    }

    public void Store()
    {
        foreach (ulong index in _dirty)
            Core.Table.SetByHardware(index, HpteR.ReferencedChanged);
    }

    /// <summary>Brings other memory into the caches.</summary>
    public void Evict()
    {
        for (int i = 0; i < EvictedBytes; i += CacheLine.Separation / 2)
            _evicted[i]++;
    }

    /// <summary>Lets the small slot alone be logged.</summary>
    public void LogSmallSlot()
    {
        foreach (HashSlot<HardwareOrdering> slot in Core.Slots)
            slot.Logs = slot == Small;
    }

    /// <summary>Harvests all slots but the small one.</summary>
    public HarvestStatistics Harvest(HarvestMethod method)
    {
        var thread = default(BenchThread);
        var sink = default(CountingSink);
        return Core.HarvestAll(ref thread, method, vcpusRun: true, ref sink);
    }

    /// <summary>GET of the small slot.</summary>
    public HarvestStatistics GetSmall(HarvestMethod method)
    {
        var thread = default(BenchThread);
        Errno errno = Core.GetDirtyLog(ref thread, Small.Memory.Id, _bitmap, method, vcpusRun: true, out HarvestStatistics statistics);
        return errno == Errno.None ? statistics : throw new InvalidOperationException($"GET answered {errno}.");
    }

    /// <summary>Changes the chosen entries, and counts what a harvest finds.</summary>
    public void Check(HarvestMethod method)
    {
        Store();
        ulong changed = Harvest(method).Changed;
        if (changed != (ulong)_dirty.Length)
            throw new InvalidOperationException($"{method} found {changed} of {_dirty.Length} changed entries.");
    }

    public void Dispose()
    {
        Core.Dispose();
        _memory.Dispose();
    }

    private HashSlot<HardwareOrdering> Small => Core.Slots[^1];

    private void MapAll(int pageShift)
    {
        for (ulong offset = 0; offset < SmallSlotPages; offset++)
            Map(Small, offset, pageShift);
        ulong most = (ulong)(Core.Table.Geometry.EntryCount * Fill);
        foreach (HashSlot<HardwareOrdering> slot in Core.Slots[..^1])
        {
            for (ulong offset = 0; offset < slot.PageCount && (ulong)_entries.Count < most; offset++)
            {
                if (Map(slot, offset, pageShift) is { } index)
                    _entries.Add(index);
            }
        }
    }

    // By the primary hash, else the secondary, as a guest does.
    private ulong? Map(HashSlot<HardwareOrdering> slot, ulong offset, int pageShift)
    {
        var thread = default(BenchThread);
        ulong address = (slot.BaseGfn + offset) << pageShift;
        const ulong Vsid = 0x2B3C4D5;
        HptGeometry geometry = Core.Table.Geometry;
        ulong hash = HptGeometry.Hash(Vsid, address, pageShift, oneTebibyte: true);
        for (int attempt = 0; attempt < 2 * HptGeometry.EntriesPerGroup; attempt++)
        {
            bool secondary = attempt >= HptGeometry.EntriesPerGroup;
            ulong index = (geometry.Group(hash, secondary) * HptGeometry.EntriesPerGroup) + ((ulong)attempt % HptGeometry.EntriesPerGroup);
            if ((Core.Table.LoadState(index) & HpteV.Valid) != 0)
                continue;

            HptePageSize size = pageShift == 12 ? HptePageSize.Small : HptePageSize.Medium;
            ulong v = HptGeometry.FirstWord(Vsid, address, pageShift, oneTebibyte: true, secondary);
            ulong bits = size.Selector | HpteR.Coherent | 2;
            Core.Table.Lock(index, ref thread);
            Core.Chains.StoreGuestR(index, address | bits);
            ref ulong rmap = ref slot.RmapOf(offset);
            ulong word = Core.Chains.Lock(ref rmap, ref thread);
            Core.Chains.Unlock(ref rmap, Core.Chains.Add(word, (uint)index));
            Core.Table.StoreR(index, new Hpte(v, (slot.HostAddress + (offset << pageShift)) | bits));
            Core.Table.Unlock(index, v);
            return index;
        }

        return null;
    }

    private struct CountingSink : IHashSlotSink
    {
        public ulong Pages { get; private set; }

        public void Accept(MemorySlot slot, ulong word, ulong mask) => Pages += ulong.PopCount(mask);
    }

    private struct BenchThread : IHostThread
    {
        public readonly void Relax() => throw new InvalidOperationException("Nobody else is here.");

        public readonly void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
        }
    }
}
