namespace RingKit.Cli.Replay;

/// <summary>What one log found out in one interval, and what it cost; or in several, summed.</summary>
/// <param name="Index">The interval's number, from 0; of several, the first one's.</param>
/// <param name="Stores">Stores and modifies.</param>
/// <param name="DirtyPages">Distinct pages, by interval.</param>
/// <param name="Faults">Faults of the vCPU: first accesses, and first writes since the page was protected.</param>
/// <param name="Invalidations">TLBs flushed.</param>
/// <param name="HarvestTime">The time that harvests took.</param>
/// <param name="ResetCalls">Calls that protected up to 64 pages again.</param>
/// <param name="Entries">Ring entries, or dirty pages of a bitmap, that harvests visited.</param>
/// <param name="RingFullExits">How often the vCPU had to leave the guest for a harvest before the interval's end.</param>
/// <param name="BytesTouched">Bytes of the log's own bookkeeping that harvests read.</param>
internal readonly record struct IntervalFigures(
    int Index,
    long Stores,
    long DirtyPages,
    ulong Faults,
    ulong Invalidations,
    TimeSpan HarvestTime,
    ulong ResetCalls,
    ulong Entries,
    long RingFullExits,
    ulong BytesTouched)
{
    public double EntriesPerResetCall => ResetCalls == 0 ? 0 : (double)Entries / ResetCalls;

    public static IntervalFigures operator +(IntervalFigures first, IntervalFigures next) => new(
        first.Index,
        first.Stores + next.Stores,
        first.DirtyPages + next.DirtyPages,
        first.Faults + next.Faults,
        first.Invalidations + next.Invalidations,
        first.HarvestTime + next.HarvestTime,
        first.ResetCalls + next.ResetCalls,
        first.Entries + next.Entries,
        first.RingFullExits + next.RingFullExits,
        first.BytesTouched + next.BytesTouched);

    public static IntervalFigures Sum(ReadOnlySpan<IntervalFigures> intervals)
    {
        IntervalFigures sum = default;
        for (int i = 0; i < intervals.Length; i++)
            sum = i == 0 ? intervals[0] : sum + intervals[i];
        return sum;
    }
}
