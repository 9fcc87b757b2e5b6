namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>How many faults of each class a vCPU took, and what became of them.</summary>
internal record struct Stage2FaultCounts
{
    /// <summary>Nothing was mapped.</summary>
    public ulong Translation;

    /// <summary>AF was missing.</summary>
    public ulong AccessFlag;

    /// <summary>A permission was missing.</summary>
    public ulong Permission;

    /// <summary>Of those: permissions were added in place.</summary>
    public ulong Relaxed;

    /// <summary>Blocks that were dissolved into an empty table.</summary>
    public ulong Dissolved;

    /// <summary>Tables that were collapsed into a block.</summary>
    public ulong Collapsed;

    /// <summary>Pages mapped.</summary>
    public ulong Pages;

    /// <summary>Blocks mapped.</summary>
    public ulong Blocks;

    /// <summary>The host was invalidating, or somebody was at work there: the vCPU tries again.</summary>
    public ulong Retries;

    /// <summary>Left to the user: MMIO, aborts, errors.</summary>
    public ulong Refused;
}
