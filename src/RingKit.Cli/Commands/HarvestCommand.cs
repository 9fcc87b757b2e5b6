using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using RingKit.Cli.Commands.Options;
using RingKit.Cli.Commands.Progress;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.ByTrace;
using RingKit.Cli.Replay;
using RingKit.Cli.Reports;
using RingKit.Cli.Reports.Harvest;
using RingKit.Cli.Traces;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Commands;

/// <summary><c>ringkit harvest</c>.</summary>
internal sealed class HarvestCommand
{
    public const string Examples = """
        For each size of guest, amount of dirty pages and pattern, a guest stores to its pages, each store with a
        real fault, and every log is harvested. All must report the same pages. A cell's costs are the
        lower quartiles of its rounds'. What is left out is said with its reason. With a trace the guest does its stores, and the costs are
        those of the mean round.

        Examples:
          ringkit harvest
          ringkit harvest --memory 64G --dirty 1000 --pattern random
          ringkit harvest --logs bitmap,ring --ring-entries 65536 --chart rings.svg
          ringkit harvest --mmu hash --memory 1G --csv cells.csv
          ringkit harvest --mmu tdp-pml --logs all --memory 64G
          ringkit harvest --vcpus 2 --json > cells.json
          ringkit harvest --trace data/traces/ls.lackey.gz --interval 1000,10000
          ringkit harvest --logs kvm-ring,kvm-bitmap,host --dirty 10,100,1000 --pattern random
          ringkit harvest --logs ring,bitmap,kvm-ring,kvm-bitmap,host --dirty 10,100,1000 --pattern random
        """;

    private const string Description =
        "Compare the dirty logs: what each costs the guest, the harvester and the memory, from sparse to dense.";

    private readonly HarvestOptions _options = new();
    private readonly Option<string?> _csv = new("--csv") { Description = "Also write a CSV file: a row a cell and log.", HelpName = "FILE" };
    private readonly Option<string?> _chart = new("--chart") { Description = "Also draw a chart, an SVG file.", HelpName = "FILE.svg" };

    private readonly Option<string> _chartOf = new("--chart-of")
    {
        Description = "What the chart shows: the time of a harvest, the time of guest and harvest together for each dirty page, or the log's memory by the guest's.",
        HelpName = string.Join('|', HarvestChart.Kinds),
        Arity = ArgumentArity.OneOrMore,
        CustomParser = MachineOptions.WordOf,
        DefaultValueFactory = _ => HarvestChart.Kinds[0],
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object instead of tables." };
    private readonly Terminal _terminal;

    private HarvestCommand(Terminal terminal) => _terminal = terminal;

    public static Command Make(Terminal terminal)
    {
        var harvest = new HarvestCommand(terminal);
        var command = new Command("harvest", Description);
        harvest._options.AddTo(command);
        command.Options.Add(harvest._csv);
        command.Options.Add(harvest._chart);
        command.Options.Add(harvest._chartOf);
        command.Validators.Add(harvest.CheckChart);
        command.Options.Add(harvest._json);
        command.SetAction(harvest.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        HarvestSettings settings = _options.Read(parsed);

        // Ctrl-C is taken from here on, and no earlier: by then there must be no file that would stay.
        await Task.Yield();
        using OutputFile? csv = Open(parsed, _csv);
        using OutputFile? chart = Open(parsed, _chart);
        if (_options.ReadTrace(parsed) is { } tracePath)
            settings = settings with { TracePath = tracePath, Trace = ReadTrace(tracePath, settings, cancellation) };

        HarvestText? text = parsed.GetValue(_json) ? null : new HarvestText(_terminal.OutputConsole);
        long start = Stopwatch.GetTimestamp();
        HarvestReport report = await MeasureAsync(settings, text, cancellation).ConfigureAwait(false);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        csv?.Write(writer => HarvestCsv.Write(report, writer));
        chart?.Write(writer => HarvestChart.Write(report, parsed.GetRequiredValue(_chartOf), writer));
        if (text is null)
            HarvestJson.Write(report, _terminal.Output);
        else
            text.WriteFindings(report, elapsed);
        return ExitCode.Success;
    }

    private void CheckChart(CommandResult command)
    {
        string kind = command.GetValue(_chartOf) ?? HarvestChart.Kinds[0];
        if (!HarvestChart.Kinds.Contains(kind, StringComparer.Ordinal))
            command.AddError($"{_chartOf.Name} {kind}: choose one of {string.Join(", ", HarvestChart.Kinds)}");
        else if (command.GetResult(_chartOf) is { Implicit: false } && command.GetValue(_chart) is null)
            command.AddError($"{_chartOf.Name}: only with --chart");
    }

    private static OutputFile? Open(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } path ? OutputFile.Open(option.Name, path) : null;

    // On a thread of its own, so that this one can show progress, and take Ctrl-C.
    private async Task<HarvestReport> MeasureAsync(HarvestSettings settings, HarvestText? text, CancellationToken cancellation)
    {
        var watch = new HarvestWatch(text, _terminal);
        Task<HarvestReport> running = Task.Run(() => Measure(settings, watch, cancellation), CancellationToken.None);
        await watch.ShowAsync(running).ConfigureAwait(false);
        try
        {
            return await running.ConfigureAwait(false);
        }
        catch (OutOfMemoryException e)
        {
            throw new CommandException("--memory: this machine does not have enough for the page tables of such guests; ask for smaller ones", e);
        }
    }

    private static HarvestReport Measure(HarvestSettings settings, IHarvestWatcher watcher, CancellationToken cancellation)
    {
        if (settings.Trace is null)
        {
            using var grid = new HarvestGrid(settings);
            return grid.Run(watcher, cancellation);
        }

        using var trace = new TraceGrid(settings);
        return trace.Run(watcher, cancellation);
    }

    private static TraceStores ReadTrace(string path, HarvestSettings settings, CancellationToken cancellation)
    {
        using TraceFile trace = FileArgument.Open(path, "a trace", TraceFile.Open);
        return TraceStores.Read(trace.Reader, settings.Memory.Min() >> GuestPage.Shift, cancellation);
    }
}
