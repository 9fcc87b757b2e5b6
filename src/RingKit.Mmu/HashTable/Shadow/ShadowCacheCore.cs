using System.Numerics;
using RingKit.Memory;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Shadow;

/// <summary>The translations of one vCPU that are in the host's table, in lists: by page to find one, by groups of pages to walk all.</summary>
/// <remarks>Everything but <see cref="Lock"/> under the lock. Source: Book3S PR's hpte_cache, 32768 entries a vCPU, its lists vpte and vpte_long.</remarks>
internal sealed unsafe class ShadowCacheCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    /// <summary>Entries a vCPU. When all are in use, all are dropped.</summary>
    public const int Capacity = 32768;

    // So many are dropped with one tlbie.
    private const int FlushBatch = 256;

    private const int PageLists = 8192;
    private const int GroupLists = 32;
    private const int PagesInGroupShift = 12;
    private const ulong HashFactor = 0x9E37_79B9_7F4A_7C15;

    // Invariant: Capacity entries and PageLists + GroupLists heads, kept by the leases until Dispose. Links are stored here alone: indices plus 1,
    // below or at Capacity.
    private readonly ShadowEntry* _entries;
    private readonly uint* _byPage;
    private readonly uint* _byGroup;
    private readonly NativeLease _entriesLease;
    private readonly NativeLease _headsLease;
    private readonly ulong _firstHandle;
    private readonly NativeView<uint> _room = new NativeBlock<uint>(2).View;
    private readonly NativeView<ulong> _lock = new NativeBlock<ulong>(1).View;

    public ShadowCacheCore(int vcpu)
    {
        _firstHandle = (ulong)vcpu * Capacity;
        _entriesLease = NativeLease.Allocate(Capacity, CacheLine.Separation, out NativeView<ShadowEntry> entries);
        _headsLease = NativeLease.Allocate(PageLists + GroupLists, CacheLine.Separation, out NativeView<uint> heads);
        _entries = entries.DangerousPointer;
        _byPage = heads.DangerousPointer;
        _byGroup = _byPage + PageLists;
    }

    /// <summary>Locks the cache, however long it takes.</summary>
    public void Lock<TThread>(ref TThread thread)
        where TThread : struct, IHostThread, allows ref struct
    {
        while (TOrdering.CompareExchangeAcquire(ref _lock[0], 1, 0) != 0)                // E61
            thread.Relax();
    }

    public void Unlock() => TOrdering.StoreRelease(ref _lock[0], 0);                     // E61

    public bool IsFull => TOrdering.ReadPlain(ref Free) == 0 && TOrdering.ReadPlain(ref Used) == Capacity;

    private ref uint Free => ref _room[0];

    private ref uint Used => ref _room[1];

    /// <summary>The translation of a page, or null.</summary>
    public ShadowTranslation? Find(ulong page)
    {
        uint link = TOrdering.ReadPlain(ref PageList(page));
        while (link != 0)
        {
            ref ShadowEntry entry = ref _entries[link - 1];
            if (TOrdering.ReadPlain(ref entry.Page) == page)
                return Translation(link - 1);
            link = TOrdering.ReadPlain(ref entry.NextByPage);
        }

        return null;
    }

    /// <summary>Adds a translation of a page that has none, to a cache that is not full.</summary>
    public ShadowTranslation Add(ulong page, ulong gfn, bool mayWrite)
    {
        uint index = TakeFree();
        ref ShadowEntry entry = ref _entries[index];
        TOrdering.WritePlain(ref entry.Page, page);
        TOrdering.WritePlain(ref entry.Gfn, gfn);
        TOrdering.WritePlain(ref entry.MayWrite, mayWrite ? 1u : 0);

        ref uint byPage = ref PageList(page);
        TOrdering.WritePlain(ref entry.NextByPage, TOrdering.ReadPlain(ref byPage));
        TOrdering.WritePlain(ref byPage, index + 1);

        ref uint byGroup = ref GroupList(page);
        uint next = TOrdering.ReadPlain(ref byGroup);
        TOrdering.WritePlain(ref entry.NextByGroup, next);
        TOrdering.WritePlain(ref entry.PreviousByGroup, 0u);
        if (next != 0)
            TOrdering.WritePlain(ref _entries[next - 1].PreviousByGroup, index + 1);
        TOrdering.WritePlain(ref byGroup, index + 1);
        return Translation(index);
    }

    /// <summary>Drops one translation.</summary>
    public void Drop<TThread>(ref TThread thread, ShadowTranslation translation)
        where TThread : struct, IHostThread, allows ref struct
    {
        Unlink((uint)(translation.Handle - _firstHandle));
        Span<ulong> handles = [translation.Handle];
        thread.Tlbie(handles);
    }

    /// <summary>Walks all lists of groups, entry by entry, and drops those of a range of frames: changed or not, and whether or not they can be stored through.</summary>
    /// <returns>Entries visited and dropped.</returns>
    public (ulong Visited, ulong Flushed) Flush<TThread>(ref TThread thread, ulong firstGfn, ulong count)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong visited = 0, flushed = 0;
        Span<ulong> batch = stackalloc ulong[FlushBatch];
        int pending = 0;
        for (int list = 0; list < GroupLists; list++)
        {
            for (uint link = TOrdering.ReadPlain(ref _byGroup[list]); link != 0;)
            {
                uint index = link - 1;
                link = TOrdering.ReadPlain(ref _entries[index].NextByGroup);
                visited++;
                if (TOrdering.ReadPlain(ref _entries[index].Gfn) - firstGfn >= count)
                    continue;

                Unlink(index);
                flushed++;
                batch[pending++] = _firstHandle + index;
                if (pending < FlushBatch)
                    continue;
                thread.Tlbie(batch);
                pending = 0;
            }
        }

        if (pending != 0)
            thread.Tlbie(batch[..pending]);
        return (visited, flushed);
    }

    public void Dispose()
    {
        _entriesLease.Dispose();
        _headsLease.Dispose();
    }

    private ShadowTranslation Translation(uint index) => new(
        _firstHandle + index, TOrdering.ReadPlain(ref _entries[index].Gfn), TOrdering.ReadPlain(ref _entries[index].MayWrite) != 0);

    private uint TakeFree()
    {
        uint free = TOrdering.ReadPlain(ref Free);
        if (free != 0)
        {
            TOrdering.WritePlain(ref Free, TOrdering.ReadPlain(ref _entries[free - 1].NextByPage));
            return free - 1;
        }

        uint used = TOrdering.ReadPlain(ref Used);
        TOrdering.WritePlain(ref Used, used + 1);
        return used;
    }

    private void Unlink(uint index)
    {
        ref ShadowEntry entry = ref _entries[index];
        ulong page = TOrdering.ReadPlain(ref entry.Page);
        ref uint link = ref PageList(page);
        while (TOrdering.ReadPlain(ref link) != index + 1)
            link = ref _entries[TOrdering.ReadPlain(ref link) - 1].NextByPage;
        TOrdering.WritePlain(ref link, TOrdering.ReadPlain(ref entry.NextByPage));

        uint next = TOrdering.ReadPlain(ref entry.NextByGroup), previous = TOrdering.ReadPlain(ref entry.PreviousByGroup);
        if (next != 0)
            TOrdering.WritePlain(ref _entries[next - 1].PreviousByGroup, previous);
        ref uint before = ref previous == 0 ? ref GroupList(page) : ref _entries[previous - 1].NextByGroup;
        TOrdering.WritePlain(ref before, next);

        TOrdering.WritePlain(ref entry.NextByPage, TOrdering.ReadPlain(ref Free));
        TOrdering.WritePlain(ref Free, index + 1);
    }

    private ref uint PageList(ulong page) => ref _byPage[(page * HashFactor) >> (64 - BitOperations.Log2(PageLists))];

    private ref uint GroupList(ulong page) =>
        ref _byGroup[((page >> PagesInGroupShift) * HashFactor) >> (64 - BitOperations.Log2(GroupLists))];
}
