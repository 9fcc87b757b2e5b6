using System.Diagnostics;
using RingKit.Bench.Density.Reporting;
using RingKit.Cli.Commands;
using RingKit.Cli.Harvest;
using RingKit.Cli.Reports.Harvest;
using Spectre.Console;

namespace RingKit.Bench.Harvest;

/// <summary>What each form of the adaptive log costs by how much is dirty, held still: where its rule has its thresholds from. A table, a chart.</summary>
internal static class HarvestCommand
{
    public const string Name = "harvest";

    private const int AllRight = 0;
    private const int BadArguments = 2;

    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>0, or 2 if there is something wrong with the arguments.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        HarvestGridOptions options;
        ResultFile? csv = null;
        ResultFile? chart = null;
        try
        {
            options = HarvestGridOptions.Parse(arguments);
            csv = options.Csv is null ? null : new ResultFile("--csv", options.Csv);
            chart = options.Chart is null ? null : new ResultFile("--chart", options.Chart);
        }
        catch (CommandException exception)
        {
            csv?.Dispose();
            Console.Error.WriteLine($"{exception.Message.TrimEnd('.')}; usage: {HarvestGridOptions.Usage}");
            return BadArguments;
        }

        using (csv)
        using (chart)
        {
            long start = Stopwatch.GetTimestamp();
            HarvestReport report = new HarvestGrid(options.Settings).Run();
            new HarvestText(AnsiConsole.Console).Write(report, Stopwatch.GetElapsedTime(start));
            csv?.Write(Written(report, HarvestCsv.Write));
            chart?.Write(Written(report, (shown, writer) => HarvestChart.Write(shown, HarvestChart.Kinds[0], writer)));
        }

        return AllRight;
    }

    private static string Written(HarvestReport report, Action<HarvestReport, TextWriter> write)
    {
        using var text = new StringWriter();
        write(report, text);
        return text.ToString();
    }
}
