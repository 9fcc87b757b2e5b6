using RingKit.Ordering;

namespace RingKit.Mmu.PageTables;

/// <summary>Tables that one vCPU has ready, so that a fault, which holds locks, allocates nothing.</summary>
/// <remarks>Thread role: one thread at a time. Source: kvm_mmu_memory_cache.</remarks>
internal sealed class TableCache<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    private readonly TablePool<TOrdering> _pool;
    private readonly ulong[] _tables;

    /// <summary>An empty cache.</summary>
    /// <param name="pool">Where its tables come from.</param>
    /// <param name="capacity">How many it can hold; a fault needs one a level below the first, a split of 1 GiB into pages 513.</param>
    public TableCache(TablePool<TOrdering> pool, int capacity)
    {
        if (capacity < 1)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "A cache holds at least 1 table.");
        _pool = pool;
        _tables = new ulong[capacity];
    }

    /// <summary>How many tables are ready.</summary>
    public int Count { get; private set; }

    /// <summary>How many it can hold.</summary>
    public int Capacity => _tables.Length;

    /// <summary>Fills the cache if it holds less than a fault may need.</summary>
    /// <param name="least">So many must be ready, at most <see cref="Capacity"/>.</param>
    /// <returns><see cref="Errno.NoMemory"/> if the pool has too few.</returns>
    public Errno TopUp(int least)
    {
        if (least > Capacity)
            throw new ArgumentOutOfRangeException(nameof(least), least, $"The cache holds {Capacity} tables.");
        if (Count >= least)
            return Errno.None;
        while (Count < Capacity && _pool.TryTake(out ulong table))
            _tables[Count++] = table;
        return Count >= least ? Errno.None : Errno.NoMemory;
    }

    /// <summary>Takes a table.</summary>
    public bool TryTake(out ulong table)
    {
        table = 0;
        if (Count == 0)
            return false;
        table = _tables[--Count];
        return true;
    }

    /// <summary>Puts a table back that was just taken and not used.</summary>
    public void PutBack(ulong table) => _tables[Count++] = table;

    /// <summary>Gives all tables back to the pool.</summary>
    public void Dispose()
    {
        while (TryTake(out ulong table))
            _pool.GiveBack(table);
    }
}
