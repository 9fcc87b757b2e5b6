namespace RingKit.Mmu.Stage2;

/// <summary>How often each kind of TLB invalidation was asked for, and tables that came and went.</summary>
public readonly record struct Stage2Maintenance
{
    /// <summary>By address, in all vCPUs: TLBI IPAS2E1IS.</summary>
    public ulong ByIpa { get; init; }

    /// <summary>Of a range, in all vCPUs.</summary>
    public ulong ByRange { get; init; }

    /// <summary>Of everything, in all vCPUs: TLBI VMALLS12E1IS. A dirty log's own are among them.</summary>
    public ulong OfAll { get; init; }

    /// <summary>By address, in the vCPU that faulted.</summary>
    public ulong Local { get; init; }

    /// <summary>Tables that came into use.</summary>
    public ulong TablesTaken { get; init; }

    /// <summary>Tables that went back.</summary>
    public ulong TablesFreed { get; init; }

    /// <summary>Adds.</summary>
    public static Stage2Maintenance operator +(Stage2Maintenance first, Stage2Maintenance second) => new()
    {
        ByIpa = first.ByIpa + second.ByIpa,
        ByRange = first.ByRange + second.ByRange,
        OfAll = first.OfAll + second.OfAll,
        Local = first.Local + second.Local,
        TablesTaken = first.TablesTaken + second.TablesTaken,
        TablesFreed = first.TablesFreed + second.TablesFreed,
    };
}
