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

    private const ulong SmallSlotPages = 256;

    private readonly GuestMemory _memory = new();
    private readonly List<ulong> _entries = [];
    private readonly byte[] _bitmap;
    private readonly byte[] _evicted = new byte[EvictedBytes];
    private ulong[] _dirty = [];

    /// <param name="guestBytes">The guest's memory.</param>
    /// <param name="pageShift">log2 of the pages of guest and host: 12 or 16.</param>
    /// <param name="ratio">The guest's memory as a multiple of its table.</param>
    /// <param name="maps">Whether its pages are mapped.</param>
    public HarvestTable(ulong guestBytes, int pageShift, int ratio, bool maps = true)
    {
        Pages = guestBytes >> pageShift;
        _memory.AddSlot(0, 0, guestBytes >> GuestPage.Shift);
        _memory.AddSlot(1, guestBytes >> GuestPage.Shift, SmallSlotPages << (pageShift - GuestPage.Shift));
        Core = new Book3sHvCore<HardwareOrdering>(
            _memory, new HashTableOptions { Order = int.Max(18, (int)ulong.Log2(guestBytes / (ulong)ratio)), PageShift = pageShift });
        _bitmap = new byte[Core.Slots[0].WordCount * sizeof(ulong)];
        if (maps)
            MapAll(pageShift);
        var thread = default(BenchThread);
        foreach (HashSlot<HardwareOrdering> slot in Core.Slots)
            Core.StartLogging(ref thread, slot);
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

    public HarvestStatistics Get(HarvestMethod method, uint slot = 0)
    {
        var thread = default(BenchThread);
        Errno errno = Core.GetDirtyLog(ref thread, slot, _bitmap, method, vcpusRun: true, out HarvestStatistics statistics);
        return errno == Errno.None ? statistics : throw new InvalidOperationException($"GET answered {errno}.");
    }

    /// <summary>Changes the chosen entries, and counts what a harvest finds.</summary>
    public void Check(HarvestMethod method)
    {
        Store();
        ulong changed = Get(method).Changed;
        if (changed != (ulong)_dirty.Length)
            throw new InvalidOperationException($"{method} found {changed} of {_dirty.Length} changed entries.");
    }

    public void Dispose()
    {
        Core.Dispose();
        _memory.Dispose();
    }

    private void MapAll(int pageShift)
    {
        HashSlot<HardwareOrdering> small = Core.Slots[1];
        for (ulong gfn = 0; gfn < SmallSlotPages; gfn++)
            Map(small, gfn, pageShift);
        HashSlot<HardwareOrdering> slot = Core.Slots[0];
        ulong most = (ulong)(Core.Table.Geometry.EntryCount * Fill);
        for (ulong gfn = 0; gfn < Pages && (ulong)_entries.Count < most; gfn++)
        {
            if (Map(slot, gfn, pageShift) is { } index)
                _entries.Add(index);
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

    private struct BenchThread : IHostThread
    {
        public readonly void Relax() => throw new InvalidOperationException("Nobody else is here.");

        public readonly void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
        }
    }
}
