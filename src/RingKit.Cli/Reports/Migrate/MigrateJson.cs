using System.Text.Json;
using RingKit.Cli.Commands.Options;
using RingKit.Cli.Migrate;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;

namespace RingKit.Cli.Reports.Migrate;

/// <summary>Writes the report of migrations for programs.</summary>
internal static class MigrateJson
{
    public static void Write(MigrateReport report, TextWriter output)
    {
        MigrateSettings settings = report.Settings;
        var json = new MigrateJsonReport(
            settings.Mmu.Name,
            settings.Memory,
            settings.Vcpus,
            settings.WriteRate == MigrateSettings.Unlimited ? null : settings.WriteRate,
            report.Trace is null ? MigrateOptions.NameOf(settings.Pattern) : null,
            report.Trace,
            settings.Bandwidth == MigrateSettings.Unlimited ? null : settings.Bandwidth,
            settings.Downtime.TotalMilliseconds,
            MigrateOptions.NameOf(settings.Throttle),
            settings.Via.Name,
            report.IsMemoryEqual,
            [.. report.Logs.Select(LogResult)]);
        output.WriteLine(JsonSerializer.Serialize(json, MigrateJsonContext.Default.MigrateJsonReport));
    }

    private static MigrateJsonReport.LogResult LogResult(LogMigration log)
    {
        MigrationResult result = log.Result;
        MemoryDifference memory = log.Memory;
        return new MigrateJsonReport.LogResult(
            log.Log,
            memory.IsEqual,
            log.HasConverged,
            memory.PagesCompared,
            memory.DifferentPages,
            memory.FirstSlot is { } slot ? new MigrateJsonReport.Difference(slot, memory.FirstGfn, memory.FirstByte) : null,
            Milliseconds(result.Duration),
            Milliseconds(result.Downtime),
            result.PagesSent,
            result.ZeroPages,
            result.BytesSent,
            result.AbandonedStops,
            result.FullRings,
            Whole(log.StoresBefore),
            Whole(log.StoresAfterFirstRound),
            Stall(log.Stalls),
            Cost(log.Cost),
            [.. log.Rounds.Select(Round)]);
    }

    private static MigrateJsonReport.Stall Stall(VcpuStalls stalls) => new(
        Milliseconds(stalls.Total),
        Milliseconds(stalls.FaultTime),
        Milliseconds(stalls.EntryWaitTime),
        Milliseconds(stalls.InvalidationTime),
        Milliseconds(stalls.RingFullTime),
        Milliseconds(stalls.ThrottleTime + stalls.QuotaTime));

    private static MigrateJsonReport.Cost Cost(DirtyLogStatistics cost) => new(
        cost.Faults, cost.Harvests, Milliseconds(cost.HarvestTime), cost.Entries, cost.Invalidations, cost.BytesTouched);

    private static MigrateJsonReport.Round Round(RoundFigures figures)
    {
        MigrationRound round = figures.Round;
        return new MigrateJsonReport.Round(
            round.Number,
            round.IsFinal,
            round.PagesSent,
            round.ZeroPages,
            round.Bytes,
            Milliseconds(round.Duration),
            round.DirtyPages,
            Math.Round(round.DirtyRate),
            Math.Round(round.Bandwidth),
            round.EstimatedDowntime == TimeSpan.MaxValue ? null : Milliseconds(round.EstimatedDowntime),
            Milliseconds(round.VcpuStall),
            Math.Round(figures.StoresPerSecond),
            round.ThrottleLevel);
    }

    private static double? Whole(double? value) => value is { } number ? Math.Round(number) : null;

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
