namespace RingKit.Cli.Harvest;

/// <summary>What a round costs: the guest stores to its pages, and a harvest reports them. Times are in microseconds.</summary>
/// <param name="Guest">The time of the vCPUs' stores, summed over them, without <paramref name="Stall"/>.</param>
/// <param name="Stall">The time that vCPUs stood still because a ring was full, and they had to harvest it.</param>
/// <param name="Harvest">The time of all harvests, those for full rings included.</param>
/// <param name="Faults">Faults of the vCPUs.</param>
/// <param name="FullExits">How often a vCPU left the guest for a full ring.</param>
/// <param name="Entries">Ring entries, or dirty pages of a bitmap, that harvests visited.</param>
/// <param name="ResetCalls">Calls that protected up to 64 pages again.</param>
/// <param name="Invalidations">TLBs flushed.</param>
/// <param name="BytesTouched">Bytes of the log's own bookkeeping that harvests read.</param>
internal readonly record struct CellCosts(
    double Guest,
    double Stall,
    double Harvest,
    double Faults,
    double FullExits,
    double Entries,
    double ResetCalls,
    double Invalidations,
    double BytesTouched)
{
    /// <summary>Guest and harvester together. A stall is a harvest, and counts once.</summary>
    public double Total => Guest + Harvest;

    /// <summary>Those of several rounds.</summary>
    public static CellCosts operator +(CellCosts costs, CellCosts others) => new(
        costs.Guest + others.Guest,
        costs.Stall + others.Stall,
        costs.Harvest + others.Harvest,
        costs.Faults + others.Faults,
        costs.FullExits + others.FullExits,
        costs.Entries + others.Entries,
        costs.ResetCalls + others.ResetCalls,
        costs.Invalidations + others.Invalidations,
        costs.BytesTouched + others.BytesTouched);

    /// <summary>Those of a guest that is so many times as large.</summary>
    public static CellCosts operator *(CellCosts costs, double factor) => new(
        costs.Guest * factor,
        costs.Stall * factor,
        costs.Harvest * factor,
        costs.Faults * factor,
        costs.FullExits * factor,
        costs.Entries * factor,
        costs.ResetCalls * factor,
        costs.Invalidations * factor,
        costs.BytesTouched * factor);
}
