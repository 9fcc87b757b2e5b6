using System.Text.Json;
using RingKit.Cli.Replay;

namespace RingKit.Cli.Reports.Replay;

/// <summary>Writes a replay's report for programs.</summary>
internal static class ReplayJson
{
    public static void Write(ReplayReport report, TextWriter output)
    {
        TraceTotals trace = report.Trace;
        var json = new ReplayJsonReport(
            new ReplayJsonReport.TraceCounts(trace.Loads, trace.Stores, trace.Modifies, trace.Instructions, trace.DistinctPages),
            report.Mmu,
            [.. report.Logs.Select(LogResult)]);
        output.WriteLine(JsonSerializer.Serialize(json, JsonReportContext.Default.ReplayJsonReport));
    }

    private static ReplayJsonReport.LogResult LogResult(LogReport log) =>
        new(log.Log, [.. log.Intervals.Select(interval => Figures(interval, interval.Index))], Figures(log.Total, index: null), Stage2Json.Of(log.Stage2));

    private static ReplayJsonReport.Figures Figures(IntervalFigures figures, int? index) => new(
        index,
        figures.Stores,
        figures.DirtyPages,
        figures.Faults,
        figures.Invalidations,
        figures.HarvestTime.TotalMicroseconds,
        figures.ResetCalls,
        figures.Entries,
        Math.Round(figures.EntriesPerResetCall, 3),
        figures.RingFullExits,
        figures.BytesTouched);
}
