using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Mmu.PageTables;

/// <summary>How a fault learns that the host took pages away while it looked for one: how many invalidations are under way, and how many are over.</summary>
/// <remarks>
/// <see cref="Start"/> by who has the page table's lock alone; <see cref="End"/> by the same thread, later, with or without the lock; <see cref="Snapshot"/> by a
/// fault before it looks at anything of the host's; <see cref="HasChanged(ulong)"/> by the fault under its share of the lock. Source: KVM's mmu_invalidate_in_progress,
/// mmu_invalidate_seq and mmu_invalidate_retry.
/// </remarks>
internal sealed class InvalidationSequence<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    private const int UnderWay = 0, Count = 1, First = 2, EndOfRange = 3;

    private readonly NativeBlock<ulong> _block = new(4);
    private readonly NativeView<ulong> _words;

    public InvalidationSequence() => _words = _block.View;

    /// <summary>How many invalidations are over.</summary>
    public ulong Snapshot => TOrdering.LoadAcquire(ref _words[Count]);                                          // E68

    /// <summary>How many are under way.</summary>
    public ulong InProgress => TOrdering.LoadAcquire(ref _words[UnderWay]);                                     // E67

    /// <summary>An invalidation begins. With others under way the range grows to hold all.</summary>
    /// <param name="address">The first address.</param>
    /// <param name="end">The address behind the last one.</param>
    public void Start(ulong address, ulong end)
    {
        bool isFirst = TOrdering.LoadRelaxed(ref _words[UnderWay]) == 0;
        ref ulong first = ref _words[First], last = ref _words[EndOfRange];
        TOrdering.StoreRelaxed(ref first, isFirst ? address : Math.Min(address, TOrdering.LoadRelaxed(ref first)));
        TOrdering.StoreRelaxed(ref last, isFirst ? end : Math.Max(end, TOrdering.LoadRelaxed(ref last)));
        Add(ref _words[UnderWay], 1);
    }

    /// <summary>It is over: the count first, then that it is under way no more, so that who misses the one sees the other.</summary>
    public void End()
    {
        Add(ref _words[Count], 1);
        Add(ref _words[UnderWay], unchecked((ulong)-1));
    }

    /// <summary>Ends one without counting it: a past bug, for tests alone.</summary>
    public void EndUncounted() => Add(ref _words[UnderWay], unchecked((ulong)-1));

    /// <summary>Whether what a fault found since its snapshot may be gone.</summary>
    public bool HasChanged(ulong snapshot) => InProgress != 0 || TOrdering.LoadRelaxed(ref _words[Count]) != snapshot;

    /// <summary>The same for one address: what goes on elsewhere does not matter until it is over. As x86 asks.</summary>
    public bool HasChanged(ulong snapshot, ulong address)
    {
        bool isHere = InProgress != 0 && address >= TOrdering.LoadRelaxed(ref _words[First]) && address < TOrdering.LoadRelaxed(ref _words[EndOfRange]);
        return isHere || TOrdering.LoadRelaxed(ref _words[Count]) != snapshot;
    }

    public void Dispose() => _block.Dispose();

    private static void Add(ref ulong word, ulong change)
    {
        ulong seen = TOrdering.LoadRelaxed(ref word);
        for (ulong found; (found = TOrdering.CompareExchangeRelease(ref word, seen + change, seen)) != seen; seen = found)   // E67, E68
        {
        }
    }
}
