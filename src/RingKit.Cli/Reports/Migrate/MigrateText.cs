using RingKit.Cli.Commands.Options;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Migrate;
using RingKit.Mmu.Migration;
using Spectre.Console;

namespace RingKit.Cli.Reports.Migrate;

/// <summary>Writes the report of migrations for people: a table of rounds and a verdict for each log, then the logs side by side.</summary>
internal sealed class MigrateText(IAnsiConsole console)
{
    private static readonly string[] Rounds =
    [
        "\nround", "\npages", "MiB\nsent", "\nms", "dirty\npages", "dirty\nMiB/s", "estimated\ndowntime ms", "vCPU\nstall ms", "throttle\n%",
        "stores/s\nin 1000s",
    ];

    private static readonly string[] Logs =
    [
        "\nlog", "\nrounds", "MiB\nsent", "\nms", "downtime\nms", "vCPU\nstall ms", "\nfaults", "harvests\nms", "stores\nkept", "memory\nequal",
    ];

    public void Write(MigrateReport report)
    {
        SayHead(report);
        foreach (LogMigration log in report.Logs)
            Write(log, report);
        if (report.Logs.Count > 1)
            WriteSideBySide(report.Logs);
        Say($"memory equal: {YesOrNo(report.IsMemoryEqual)}{(report.Logs.Count > 1 ? $", with {report.Logs.Count} logs" : "")}");
    }

    private void SayHead(MigrateReport report)
    {
        MigrateSettings settings = report.Settings;
        string stores = report.Trace is not null
            ? string.Create(CultureInfo.InvariantCulture, $"{settings.Trace!.Count:N0} stores{(settings.Trace.IsCut ? ", the first" : "")} of a trace over and over")
            : $"{MigrateOptions.NameOf(settings.Pattern)} stores";
        string rate = settings.WriteRate switch
        {
            0 => "idle",
            MigrateSettings.Unlimited => $"{stores}, as fast as they can",
            _ => $"{stores} at {MemorySize.Format(settings.WriteRate)}/s",
        };
        string bandwidth = settings.Bandwidth == MigrateSettings.Unlimited ? "no limit" : $"{MemorySize.Format(settings.Bandwidth)}/s";
        Say($"{MemorySize.Format(settings.Memory)} of guest memory, {settings.Mmu.Name} page table, {settings.Vcpus} {(settings.Vcpus == 1 ? "vCPU" : "vCPUs")}: {rate}");
        Say($"bandwidth {bandwidth}, downtime at most {Duration.Format(settings.Downtime)}, via {settings.Via.Name}");
        if (report.Trace is { } trace)
            Say($"{trace}: stores to {settings.Trace!.DistinctPages:N0} pages");
        console.WriteLine();
    }

    private void Write(LogMigration log, MigrateReport report)
    {
        MigrateSettings settings = report.Settings;
        Say($"{log.Log}");
        Table table = TableOf(Rounds);
        foreach (RoundFigures round in log.Rounds)
            AddRow(table, round);
        console.Write(table);

        MigrationResult result = log.Result;
        string how = log.HasConverged ? "converged" : "stopped after the last round, not converged";
        string met = result.Downtime <= settings.Downtime ? "within" : "beyond";
        Say($"{how}; the guest stood still for {Ms(result.Downtime)} ms, {met} its limit of {Duration.Format(settings.Downtime)}");
        if (log.StoresKept is { } kept)
            Say($"stores a second before the log started: {log.StoresBefore:N0}; after the first round {kept * 100:N1} % of that");
        if (!log.Memory.IsEqual)
            Say($"{log.Memory}");
        if (report.Logs.Count > 1)
            Say($"memory equal: {YesOrNo(log.Memory.IsEqual)}");
        console.WriteLine();
    }

    private static void AddRow(Table table, RoundFigures figures)
    {
        MigrationRound round = figures.Round;
        table.AddRow(
            round.IsFinal ? "last" : round.Number.ToString(CultureInfo.InvariantCulture),
            Whole(round.PagesSent),
            MiB(round.Bytes),
            Ms(round.Duration),
            Whole(round.DirtyPages),
            round.IsFinal ? "-" : MiB(round.DirtyRate),
            round.IsFinal || round.EstimatedDowntime == TimeSpan.MaxValue ? "-" : Ms(round.EstimatedDowntime),
            Ms(round.VcpuStall),
            Whole(round.ThrottleLevel),
            round.IsFinal ? "-" : Whole(figures.StoresPerSecond / 1000));
    }

    private void WriteSideBySide(IReadOnlyList<LogMigration> logs)
    {
        Table table = TableOf(Logs);
        foreach (LogMigration log in logs)
        {
            table.AddRow(
                log.Log,
                Whole(log.Rounds.Count),
                MiB(log.Result.BytesSent),
                Ms(log.Result.Duration),
                Ms(log.Result.Downtime),
                Ms(log.Stalls.Total),
                Whole(log.Cost.Faults),
                Ms(log.Cost.HarvestTime),
                log.StoresKept is { } kept ? string.Create(CultureInfo.InvariantCulture, $"{kept * 100:N1} %") : "-",
                YesOrNo(log.Memory.IsEqual));
        }

        console.Write(table);
    }

    private static Table TableOf(string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap().Padding(0, 0));
        return table;
    }

    private static string YesOrNo(bool value) => value ? "yes" : "no";

    private static string Ms(TimeSpan time) => time.TotalMilliseconds.ToString("N1", CultureInfo.InvariantCulture);

    private static string MiB(double bytes) => (bytes / (1 << 20)).ToString("N1", CultureInfo.InvariantCulture);

    private static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    // Plain text: file names may hold what Spectre takes for markup.
    private void Say(FormattableString text) => console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
