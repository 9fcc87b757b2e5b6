namespace RingKit.Cli.Replay;

/// <summary>What a replay came to.</summary>
/// <param name="Trace">What was in the trace.</param>
/// <param name="Mmu">The page table's name.</param>
/// <param name="Logs">Every log's report. They have the same intervals, with the same dirty pages.</param>
internal sealed record ReplayReport(TraceTotals Trace, string Mmu, IReadOnlyList<LogReport> Logs);
