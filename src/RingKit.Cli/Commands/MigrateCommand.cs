using System.CommandLine;
using RingKit.Cli.Commands.Options;
using RingKit.Cli.Commands.Progress;
using RingKit.Cli.Machines;
using RingKit.Cli.Migrate;
using RingKit.Cli.Replay;
using RingKit.Cli.Reports.Migrate;
using RingKit.Cli.Traces;

namespace RingKit.Cli.Commands;

/// <summary><c>ringkit migrate</c>.</summary>
internal sealed class MigrateCommand
{
    public const string Examples = """
        The guest's vCPUs store for as long as the migration takes, each on a thread of its own. The first round sends
        all pages, each later one those that were written since; when the rest fits into the downtime limit, the guest
        is stopped and the rest sent. Then the destination's memory is compared with the source's, byte for byte.
        A rate counts bytes a second (100M), or pages a second (25600p); a store counts as the whole page that it
        dirties. --write-rate 0 is a guest that idles; a bandwidth of 0 is refused.
        With --mmu kvm the guest really runs, by a program whose stores are no faster than the machine lets them be.
        The exit code is 0 if all memories are equal, 1 if not, 2 if a migration failed, 130 after Ctrl-C.

        Examples:
          ringkit migrate
          ringkit migrate --memory 1G --vcpus 2 --write-rate 200M --bandwidth 400M --log all
          ringkit migrate --mmu stage2 --huge-pages --pattern hot --write-rate max --bandwidth 1G --downtime 100ms
          ringkit migrate --write-rate 400M --throttle auto-converge
          ringkit migrate --mmu hash --log sweep --pattern sequential --json
          ringkit migrate --trace data/traces/ls.lackey.gz --write-rate 20000p --via pipe
          ringkit migrate --memory 64M --via guest.stream
          ringkit migrate --mmu kvm --memory 64M --log all
        """;

    private const string Description =
        "Migrate a running guest to another memory by pre-copy: rounds, dirty rate, downtime, what it cost the vCPUs, and whether anything was lost.";

    private readonly MigrateOptions _options = new();

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object instead of tables." };

    private readonly Terminal _terminal;

    private MigrateCommand(Terminal terminal) => _terminal = terminal;

    public static Command Make(Terminal terminal)
    {
        var migrate = new MigrateCommand(terminal);
        var command = new Command("migrate", Description);
        migrate._options.AddTo(command);
        command.Options.Add(migrate._json);
        command.SetAction(migrate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        MigrateSettings settings = _options.Read(parsed);
        string? tracePath = _options.ReadTrace(parsed);
        GuestMigration.CheckMemory(settings.Memory, AvailableMemory.Bytes);

        // On a thread of their own, so that this one can show progress, and take Ctrl-C.
        var progress = new MigrateProgress();
        Task<MigrateReport> running = Task.Run(() => Migrate(settings, tracePath, progress, cancellation), CancellationToken.None);
        await progress.ShowAsync(running, _terminal.ProgressConsole).ConfigureAwait(false);
        MigrateReport report = await running.ConfigureAwait(false);

        if (parsed.GetValue(_json))
            MigrateJson.Write(report, _terminal.Output);
        else
            new MigrateText(_terminal.OutputConsole).Write(report);
        return report.IsMemoryEqual ? ExitCode.Success : ExitCode.LogsDisagree;
    }

    private static MigrateReport Migrate(MigrateSettings settings, string? tracePath, MigrateProgress progress, CancellationToken cancellation)
    {
        if (tracePath is not null)
            settings = settings with { Trace = ReadTrace(tracePath, settings, cancellation) };

        var logs = new List<LogMigration>();
        using var memories = new GuestMemories(settings.MemoryPages);
        foreach (LogChoice log in settings.Logs)
        {
            GuestMigration.Rehearse(log, settings, cancellation);
            logs.Add(new GuestMigration(memories, log, settings).Run(now => progress.Report(log.Name, now), cancellation));
        }

        return new MigrateReport(settings, tracePath, logs);
    }

    private static TraceStores ReadTrace(string path, MigrateSettings settings, CancellationToken cancellation)
    {
        using TraceFile trace = FileArgument.Open(path, "a trace", TraceFile.Open);
        return TraceStores.Read(trace.Reader, settings.MemoryPages, cancellation);
    }
}
