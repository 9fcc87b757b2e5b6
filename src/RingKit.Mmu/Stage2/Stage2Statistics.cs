namespace RingKit.Mmu.Stage2;

/// <summary>What a machine's second stage has cost so far.</summary>
public readonly record struct Stage2Statistics
{
    /// <summary>Faults where nothing was mapped.</summary>
    public ulong TranslationFaults { get; init; }

    /// <summary>Faults for AF; none where processors set it.</summary>
    public ulong AccessFlagFaults { get; init; }

    /// <summary>Faults for a permission.</summary>
    public ulong PermissionFaults { get; init; }

    /// <summary>Of those, permissions that were added in place.</summary>
    public ulong Relaxed { get; init; }

    /// <summary>Faults that were to be tried again, as the host or another vCPU was at work there.</summary>
    public ulong Retries { get; init; }

    /// <summary>Faults that were left to the user.</summary>
    public ulong Refused { get; init; }

    /// <summary>Pages of 4 KiB that faults mapped.</summary>
    public ulong MappedPages { get; init; }

    /// <summary>Blocks that faults mapped.</summary>
    public ulong MappedBlocks { get; init; }

    /// <summary>Blocks that a fault dissolved: an empty table and one page took their place.</summary>
    public ulong DissolvedBlocks { get; init; }

    /// <summary>Blocks that were split ahead of stores, into tables that are full.</summary>
    public ulong SplitBlocks { get; init; }

    /// <summary>Tables that a fault replaced by a block.</summary>
    public ulong CollapsedTables { get; init; }

    /// <summary>Tables that came into use.</summary>
    public ulong TablesTaken { get; init; }

    /// <summary>Tables that went back.</summary>
    public ulong TablesFreed { get; init; }

    /// <summary>TLB invalidations by address, in all vCPUs: TLBI IPAS2E1IS.</summary>
    public ulong InvalidationsByIpa { get; init; }

    /// <summary>TLB invalidations of a range, in all vCPUs.</summary>
    public ulong InvalidationsByRange { get; init; }

    /// <summary>TLB invalidations of what vCPUs remember of both stages together, one behind each by address and each of a range: TLBI VMALLE1IS.</summary>
    public ulong CombinedInvalidations => InvalidationsByIpa + InvalidationsByRange;

    /// <summary>TLB invalidations of everything, in all vCPUs: TLBI VMALLS12E1IS. Those of a dirty log are among them.</summary>
    public ulong InvalidationsOfAll { get; init; }

    /// <summary>TLB invalidations by address in the one vCPU that faulted.</summary>
    public ulong LocalInvalidations { get; init; }

    /// <summary>Adds.</summary>
    public static Stage2Statistics operator +(Stage2Statistics first, Stage2Statistics second) => Combine(first, second, static (a, b) => a + b);

    /// <summary>What came to be between two times.</summary>
    public static Stage2Statistics operator -(Stage2Statistics later, Stage2Statistics earlier) => Combine(later, earlier, static (a, b) => a - b);

    private static Stage2Statistics Combine(in Stage2Statistics a, in Stage2Statistics b, Func<ulong, ulong, ulong> combine) => new()
    {
        TranslationFaults = combine(a.TranslationFaults, b.TranslationFaults),
        AccessFlagFaults = combine(a.AccessFlagFaults, b.AccessFlagFaults),
        PermissionFaults = combine(a.PermissionFaults, b.PermissionFaults),
        Relaxed = combine(a.Relaxed, b.Relaxed),
        Retries = combine(a.Retries, b.Retries),
        Refused = combine(a.Refused, b.Refused),
        MappedPages = combine(a.MappedPages, b.MappedPages),
        MappedBlocks = combine(a.MappedBlocks, b.MappedBlocks),
        DissolvedBlocks = combine(a.DissolvedBlocks, b.DissolvedBlocks),
        SplitBlocks = combine(a.SplitBlocks, b.SplitBlocks),
        CollapsedTables = combine(a.CollapsedTables, b.CollapsedTables),
        TablesTaken = combine(a.TablesTaken, b.TablesTaken),
        TablesFreed = combine(a.TablesFreed, b.TablesFreed),
        InvalidationsByIpa = combine(a.InvalidationsByIpa, b.InvalidationsByIpa),
        InvalidationsByRange = combine(a.InvalidationsByRange, b.InvalidationsByRange),
        InvalidationsOfAll = combine(a.InvalidationsOfAll, b.InvalidationsOfAll),
        LocalInvalidations = combine(a.LocalInvalidations, b.LocalInvalidations),
    };
}
