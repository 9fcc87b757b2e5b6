namespace RingKit.Cli.Replay;

/// <summary>What a replay came to.</summary>
/// <param name="Trace">What was in the trace.</param>
/// <param name="Logs">Every log's report. They have the same intervals, with the same dirty pages.</param>
internal sealed record ReplayReport(TraceTotals Trace, IReadOnlyList<LogReport> Logs);
