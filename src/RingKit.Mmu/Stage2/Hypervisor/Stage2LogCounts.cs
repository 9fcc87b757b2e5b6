namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What dirty logging has done to a page table so far.</summary>
internal record struct Stage2LogCounts
{
    /// <summary>Invalidations of a whole slot, one for each start, fetch or clear that protected something.</summary>
    public ulong Flushes;

    /// <summary>Leaves that lost their write permission, blocks and pages.</summary>
    public ulong Leaves;

    /// <summary>Of those: pages between the bits of a word, which arm64 protects as well and which fault needlessly.</summary>
    public ulong NeedlessLeaves;

    /// <summary>Blocks that were split ahead of stores.</summary>
    public ulong Splits;

    /// <summary>Tables that this took.</summary>
    public ulong Tables;

    /// <summary>How often the lock was given back to get more tables.</summary>
    public ulong Refills;
}
