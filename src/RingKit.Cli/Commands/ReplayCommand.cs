using System.CommandLine;
using System.Diagnostics;
using RingKit.Cli.Commands.Options;
using RingKit.Cli.Commands.Progress;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.RealGuests;
using RingKit.Cli.Replay;
using RingKit.Cli.Reports;
using RingKit.Cli.Reports.Replay;
using RingKit.Cli.Traces;

namespace RingKit.Cli.Commands;

/// <summary><c>ringkit replay FILE</c>.</summary>
internal sealed class ReplayCommand
{
    public const string Examples = """
        Every log gets a guest of its own. The traced program's pages become guest pages in the order in which
        they are first touched; loads really load and stores really store. At the end of each interval every log
        is harvested, and all must report the same pages. With --mmu kvm guests really run on this machine's KVM, and
        store to the first bytes of each page that the trace stores to; loads are left out.

        Record a trace of your own program:
          valgrind --tool=lackey --trace-mem=yes --log-file=trace PROGRAM && gzip trace

        Examples:
          ringkit replay data/traces/ls.lackey.gz
          ringkit replay trace.gz --log ring --ring-entries 256 --interval 10000
          ringkit replay trace.gz --memory 64M --csv intervals.csv
          ringkit replay trace.gz --mmu hash --log sweep
          ringkit replay trace.gz --mmu stage2 --huge-pages --split eager
          ringkit replay trace.gz --mmu kvm --log kvm-ring --interval 10000
          ringkit replay trace.gz --json > report.json
        """;

    private const string Description =
        "Replay a memory trace: which pages became dirty, interval by interval, and what it cost to find out.";

    private readonly Argument<string> _file = new("FILE")
    {
        Description = "A trace of valgrind's lackey with --trace-mem=yes, plain or gzip; a pipe will do.",
    };

    private readonly ReplayOptions _options = new();

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object instead of tables." };

    private readonly Option<string?> _csv = new("--csv")
    {
        Description = "Also write a CSV file: a row an interval and log.",
        HelpName = "FILE",
    };

    private readonly Terminal _terminal;

    private ReplayCommand(Terminal terminal) => _terminal = terminal;

    public static Command Make(Terminal terminal)
    {
        var replay = new ReplayCommand(terminal);
        var command = new Command("replay", Description) { replay._file };
        replay._options.AddTo(command);
        command.Options.Add(replay._json);
        command.Options.Add(replay._csv);
        command.SetAction(replay.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string path = parsed.GetRequiredValue(_file);
        ReplaySettings settings = _options.Read(parsed);
        using TraceFile trace = FileArgument.Open(path, "a trace", TraceFile.Open);
        using OutputFile? csv = parsed.GetValue(_csv) is { } csvPath ? OutputFile.Open(_csv.Name, csvPath) : null;
        using TraceReplay replay = Prepare(settings);

        long start = Stopwatch.GetTimestamp();
        ReplayReport report = await ReplayAsync(trace, replay, cancellation).ConfigureAwait(false);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        csv?.Write(writer => ReplayCsv.Write(report, writer));
        if (parsed.GetValue(_json))
            ReplayJson.Write(report, _terminal.Output);
        else
            new ReplayText(_terminal.OutputConsole).Write(report, settings, path, elapsed);
        return ExitCode.Success;
    }

    // On a thread of its own, so that this one can show progress, and take Ctrl-C.
    private async Task<ReplayReport> ReplayAsync(TraceFile trace, TraceReplay replay, CancellationToken cancellation)
    {
        var progress = new ReplayProgress();
        Task<ReplayReport> running = Task.Run(
            () => replay.Run(trace.Reader, () => progress.Report(trace.Progress), cancellation), CancellationToken.None);
        string what = $"Replaying {Path.GetFileName(trace.Reader.Name)}";
        await progress.ShowAsync(running, _terminal.ProgressConsole, what).ConfigureAwait(false);
        try
        {
            return await running.ConfigureAwait(false);
        }
        catch (Exception e) when (GuestFailedException.Explains(e))
        {
            throw GuestFailedException.Of(e);
        }
    }

    private static TraceReplay Prepare(ReplaySettings settings)
    {
        try
        {
            return new TraceReplay(settings);
        }
        catch (Exception e) when (GuestFailedException.Explains(e))
        {
            throw GuestFailedException.Of(e);
        }
        catch (OutOfMemoryException e)
        {
            string size = MemorySize.Format(settings.Memory);
            throw new CommandException($"--memory {size}: this machine does not have it for {settings.Logs.Count} guests; ask for less", e);
        }
    }
}
