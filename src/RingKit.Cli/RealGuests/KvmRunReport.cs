using RingKit.Kvm.DirtyLogging.Adaptive;

namespace RingKit.Cli.RealGuests;

/// <summary>What <c>ringkit kvm run</c> came to.</summary>
/// <param name="Settings">What was run.</param>
/// <param name="Intervals">What each harvest found; the last one after the guest had halted.</param>
/// <param name="Stores">Stores of all vCPUs.</param>
/// <param name="DirtyPages">Pages that were in any harvest.</param>
/// <param name="WrittenPages">Pages whose content has changed, all of which were in a harvest.</param>
internal sealed record KvmRunReport(KvmRunSettings Settings, IReadOnlyList<KvmInterval> Intervals, ulong Stores, long DirtyPages, long WrittenPages)
{
    /// <summary>The moves of a log that moves; null for another.</summary>
    public KvmMoves? Moves { get; init; }

    /// <summary>The sum, or of the pages those that were in any harvest.</summary>
    public KvmInterval Total => Intervals.Aggregate((sum, next) => new KvmInterval(
        sum.Time + next.Time, DirtyPages, sum.Entries + next.Entries, sum.FullRings + next.FullRings, sum.HarvestTime + next.HarvestTime));
}
