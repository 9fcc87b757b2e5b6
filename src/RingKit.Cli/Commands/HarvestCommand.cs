using System.CommandLine;
using System.Diagnostics;
using RingKit.Cli.Harvest;
using RingKit.Cli.Reports;

namespace RingKit.Cli.Commands;

/// <summary><c>ringkit harvest</c>.</summary>
internal sealed class HarvestCommand
{
    public const string Examples = """
        For each size of guest, amount of dirty pages and pattern, a guest stores to its pages, each store with a
        real fault, and every log is harvested. All must report the same pages. A cell's costs are those of the
        median round. What is left out is said with its reason.

        Examples:
          ringkit harvest
          ringkit harvest --memory 64G --dirty 1000 --pattern random
          ringkit harvest --logs bitmap,ring --ring-entries 65536 --chart rings.svg
          ringkit harvest --mmu hash --memory 1G --csv cells.csv
          ringkit harvest --vcpus 2 --json > cells.json
        """;

    private const string Description =
        "Compare the dirty logs: what each costs the guest, the harvester and the memory, from sparse to dense.";

    private readonly HarvestOptions _options = new();
    private readonly Option<string?> _csv = new("--csv") { Description = "Also write a CSV file: a row a cell and log.", HelpName = "FILE" };
    private readonly Option<string?> _chart = new("--chart") { Description = "Also draw the times of the harvests, as an SVG file.", HelpName = "FILE.svg" };
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

        long start = Stopwatch.GetTimestamp();
        HarvestReport report = await MeasureAsync(settings, cancellation).ConfigureAwait(false);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        csv?.Write(writer => HarvestCsv.Write(report, writer));
        chart?.Write(writer => HarvestChart.Write(report, writer));
        if (parsed.GetValue(_json))
            HarvestJson.Write(report, _terminal.Output);
        else
            new HarvestText(_terminal.OutputConsole).Write(report, elapsed);
        return ExitCode.Success;
    }

    private static OutputFile? Open(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } path ? OutputFile.Open(option.Name, path) : null;

    // On a thread of its own, so that this one can show progress, and take Ctrl-C.
    private async Task<HarvestReport> MeasureAsync(HarvestSettings settings, CancellationToken cancellation)
    {
        using var grid = new HarvestGrid(settings);
        var progress = new ReplayProgress();
        Task<HarvestReport> running = Task.Run(() => grid.Run(part => progress.Report(part), cancellation), CancellationToken.None);
        await progress.ShowAsync(running, _terminal.ProgressConsole, "Measuring").ConfigureAwait(false);
        try
        {
            return await running.ConfigureAwait(false);
        }
        catch (OutOfMemoryException e)
        {
            throw new CommandException("--memory: this machine does not have enough for the page tables of such guests; ask for smaller ones", e);
        }
    }
}
