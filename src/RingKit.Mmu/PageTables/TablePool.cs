using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Mmu.PageTables;

/// <summary>The 4 KiB tables of one stage-2 page table, in native memory, with their reference counts.</summary>
/// <remarks>
/// A table in use has a count of 1 and 1 more for each entry that is not zero; a table that is free, or in a cache, has 0. Addresses are numbers of the
/// simulation: the start table is at 0, aligned to its whole size, natively too, and memory costs nothing until a table is first used.
/// Thread role: tables are taken and given by any thread, beforehand and not in a fault (<see cref="TableCache{TOrdering}"/>); references are added by any
/// thread and dropped by one that has the page table alone. Source: KVM's page_count rule for stage-2 tables.
/// </remarks>
internal sealed unsafe class TablePool<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    /// <summary>The most tables beside the start table: 64 GiB of tables.</summary>
    public const int MostTables = 1 << 24;

    private const int AddressShift = 12;

    // Invariant: StartPages + MaxTables tables, counts and links, kept by the leases until Dispose. Addresses come from this pool alone, by TryTake
    // or through descriptors that only the page table's code stores.
    private readonly ulong* _entries;
    private readonly ulong* _counts;
    private readonly uint* _links;
    private readonly FreeTables* _tables;
    private readonly NativeLease _entriesLease;
    private readonly NativeLease _countsLease;
    private readonly NativeLease _linksLease;
    private readonly NativeLease _tablesLease;

    /// <summary>Makes a pool.</summary>
    /// <param name="startPages">Tables side by side at the start: 1, 2, 4, 8 or 16.</param>
    /// <param name="maxTables">Further tables, 1 to <see cref="MostTables"/>.</param>
    public TablePool(int startPages, int maxTables)
    {
        if (startPages is not (1 or 2 or 4 or 8 or 16))
            throw new ArgumentOutOfRangeException(nameof(startPages), startPages, "A start table has 1, 2, 4, 8 or 16 pages.");
        if (maxTables is < 1 or > MostTables)
            throw new ArgumentOutOfRangeException(nameof(maxTables), maxTables, $"A pool has 1 to {MostTables} tables.");

        StartPages = startPages;
        MaxTables = maxTables;
        nuint pages = (nuint)startPages + (nuint)maxTables;
        nuint alignment = (nuint)(startPages * TableSize.Bytes);
        _entriesLease = NativeLease.Allocate(pages * TableSize.Entries, alignment, out NativeView<ulong> entries);
        _countsLease = NativeLease.Allocate(pages, CacheLine.Separation, out NativeView<ulong> counts);
        _linksLease = NativeLease.Allocate(pages, CacheLine.Separation, out NativeView<uint> links);
        _tablesLease = NativeLease.Allocate(1, CacheLine.Separation, out NativeView<FreeTables> tables);
        _entries = entries.DangerousPointer;
        _counts = counts.DangerousPointer;
        _links = links.DangerousPointer;
        _tables = tables.DangerousPointer;
        _tables->Fresh = (uint)startPages;
        for (int i = 0; i < startPages; i++)
            Open((ulong)i << AddressShift, references: 0);
    }

    /// <summary>Tables side by side at the start.</summary>
    public int StartPages { get; }

    /// <summary>How many tables there are beside the start table.</summary>
    public int MaxTables { get; }

    /// <summary>Tables that are in use or in caches, without the start table.</summary>
    public int TakenTables
    {
        get
        {
            Enter();
            int taken = (int)TOrdering.ReadPlain(ref _tables->Taken);
            Leave();
            return taken;
        }
    }

    /// <summary>Where the native memory of the start table is.</summary>
    public nuint StartAddress => (nuint)_entries;

    /// <summary>An entry. At address 0 the index runs over all start pages.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong EntryAt(ulong table, ulong index) => ref _entries[(table >> 3) + index];

    /// <summary>The references on the table that holds an entry: 1 and 1 for each that is not zero. Exact for who has the page table alone.</summary>
    public ulong ReferencesOn(ulong table) => TOrdering.LoadRelaxed(ref CountOf(table));

    /// <summary>Whether no entry of the table is in use.</summary>
    public bool IsEmpty(ulong table) => ReferencesOn(table) == 1;

    /// <summary>Adds a reference, side by side with others.</summary>
    public void Reference(ulong table)
    {
        ref ulong count = ref CountOf(table);
        ulong seen = TOrdering.LoadRelaxed(ref count);
        for (ulong found; (found = TOrdering.CompareExchangeRelaxed(ref count, seen + 1, seen)) != seen; seen = found)
        {
        }
    }

    /// <summary>Drops references; only for who has the page table alone.</summary>
    /// <param name="table">The table.</param>
    /// <param name="references">How many.</param>
    public void Release(ulong table, ulong references) => TOrdering.StoreRelaxed(ref CountOf(table), ReferencesOn(table) - references);

    /// <summary>Takes a free table, all zero.</summary>
    public bool TryTake(out ulong table)
    {
        Enter();
        uint page = TOrdering.ReadPlain(ref _tables->Free);
        uint fresh = TOrdering.ReadPlain(ref _tables->Fresh);
        if (page != 0)
        {
            TOrdering.WritePlain(ref _tables->Free, TOrdering.ReadPlain(ref _links[page]));
        }
        else if (fresh < (uint)(StartPages + MaxTables))
        {
            page = fresh;
            TOrdering.WritePlain(ref _tables->Fresh, fresh + 1);
        }

        if (page != 0)
            TOrdering.WritePlain(ref _tables->Taken, TOrdering.ReadPlain(ref _tables->Taken) + 1);
        Leave();
        table = (ulong)page << AddressShift;
        return page != 0;
    }

    /// <summary>Starts the use of a table that was taken.</summary>
    /// <param name="table">The table.</param>
    /// <param name="references">How many entries are not zero.</param>
    public void Open(ulong table, ulong references) => TOrdering.StoreRelaxed(ref CountOf(table), 1 + references);

    /// <summary>Ends the use of an empty table that nobody else has seen; it stays taken.</summary>
    public void Close(ulong table) => TOrdering.StoreRelaxed(ref CountOf(table), 0);

    /// <summary>Puts a table on a list, to free it later; it must be unlinked from the page table.</summary>
    public void Chain(ulong table, ref ulong list)
    {
        TOrdering.WritePlain(ref _links[table >> AddressShift], (uint)(list >> AddressShift));
        list = table;
    }

    /// <summary>Takes a table off a list.</summary>
    public ulong Unchain(ref ulong list)
    {
        ulong table = list;
        list = (ulong)TOrdering.ReadPlain(ref _links[table >> AddressShift]) << AddressShift;
        return table;
    }

    /// <summary>Gives a table back that no walk can reach any more: whoever had a translation through it has dropped it (E6).</summary>
    public void Free(ulong table)
    {
        if (!IsEmpty(table))
            Clear(table);
        Close(table);
        GiveBack(table);
    }

    /// <summary>Gives a table back that was taken and is all zero.</summary>
    public void GiveBack(ulong table)
    {
        uint page = (uint)(table >> AddressShift);
        Enter();
        TOrdering.WritePlain(ref _links[page], TOrdering.ReadPlain(ref _tables->Free));
        TOrdering.WritePlain(ref _tables->Free, page);
        TOrdering.WritePlain(ref _tables->Taken, TOrdering.ReadPlain(ref _tables->Taken) - 1);
        Leave();
    }

    /// <summary>Counts the tables in use, without the start table. No other thread may be at work.</summary>
    public int CountInUse()
    {
        int count = 0;
        for (uint page = (uint)StartPages; page < _tables->Fresh; page++)
            count += TOrdering.LoadRelaxed(ref _counts[page]) != 0 ? 1 : 0;
        return count;
    }

    public void Dispose()
    {
        _entriesLease.Dispose();
        _countsLease.Dispose();
        _linksLease.Dispose();
        _tablesLease.Dispose();
    }

    private ref ulong CountOf(ulong table) => ref _counts[table >> AddressShift];

    private void Clear(ulong table)
    {
        if (typeof(TOrdering) == typeof(HardwareOrdering))
        {
            new Span<ulong>(_entries + (table >> 3), TableSize.Entries).Clear();
            return;
        }

        for (ulong i = 0; i < TableSize.Entries; i++)
            TOrdering.WritePlain(ref EntryAt(table, i), 0UL);
    }

    private void Enter()
    {
        for (int rounds = 1; TOrdering.ExchangeAcquire(ref _tables->Lock, 1) != 0; rounds++)              // E65
        {
            TOrdering.Pause();

            // Whoever holds the lock may need this core.
            if (rounds % 32 == 0)
                Thread.Yield();
        }
    }

    private void Leave() => TOrdering.StoreRelease(ref _tables->Lock, 0);                                 // E65

    // Which tables are free: those on a list, and all from a page on that none has taken yet. The lock's holder has the rest.
    private struct FreeTables
    {
        public ulong Lock;
        public uint Free;
        public uint Fresh;
        public uint Taken;
    }
}
