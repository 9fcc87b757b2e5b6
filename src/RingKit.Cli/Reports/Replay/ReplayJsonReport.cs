using System.Text.Json.Serialization;

namespace RingKit.Cli.Reports.Replay;

/// <summary>The object that <c>ringkit replay --json</c> prints. Programs rely on the names of the properties, in snake case.</summary>
internal sealed record ReplayJsonReport(ReplayJsonReport.TraceCounts Trace, string Mmu, IReadOnlyList<ReplayJsonReport.LogResult> Logs)
{
    /// <summary>What is in the trace.</summary>
    internal sealed record TraceCounts(long Loads, long Stores, long Modifies, long Instructions, long DistinctPages);

    /// <summary>One log: its intervals, and their sum.</summary>
    internal sealed record LogResult(
        string Log,
        IReadOnlyList<Figures> Intervals,
        Figures Total,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Stage2Json? Stage2);

    /// <summary>One interval of one log; or all of them, and then without an index.</summary>
    internal sealed record Figures(
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index,
        long Stores,
        long DirtyPages,
        ulong Faults,
        ulong Invalidations,
        double HarvestUs,
        ulong ResetCalls,
        ulong Entries,
        double EntriesPerResetCall,
        long RingFullExits,
        ulong BytesTouched);
}
