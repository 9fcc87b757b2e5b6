using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using RingKit.Cli.Charts;
using RingKit.Cli.Reports.Info;

namespace RingKit.Bench.Reporting;

/// <summary>Draws the medians of suites that ask for it: <see cref="ChartedAttribute"/>.</summary>
internal sealed class SvgChartExporter : IExporter
{
    public string Name => "svg-chart";

    public void ExportToLog(Summary summary, ILogger logger)
    {
        // A picture is nothing for a log.
    }

    public IEnumerable<string> ExportToFiles(Summary summary, ILogger consoleLogger)
    {
        foreach (IGrouping<Type, BenchmarkCase> suite in summary.BenchmarksCases.GroupBy(benchmark => benchmark.Descriptor.Type))
        {
            if (suite.Key.GetCustomAttribute<ChartedAttribute>() is not { } charted || ChartOf(summary, suite, charted) is not { } chart)
                continue;
            string path = Path.Combine(summary.ResultsDirectoryPath, $"{suite.Key.FullName}-chart.svg");
            Directory.CreateDirectory(summary.ResultsDirectoryPath);
            File.WriteAllText(path, SvgChart.Render(chart));
            yield return path;
        }
    }

    private static Chart? ChartOf(Summary summary, IEnumerable<BenchmarkCase> suite, ChartedAttribute charted)
    {
        var points = (
            from benchmark in suite
            let median = summary[benchmark]?.ResultStatistics?.Median
            where median > 0
            select (Benchmark: benchmark, Nanoseconds: median.Value)).ToArray();
        if (points.Length == 0)
            return null;

        var x = new Axis(charted.X.ToLowerInvariant(), isLogarithmic: true);
        bool areShort = points.All(point => point.Nanoseconds < 1000);
        var y = new Axis($"an operation, {(areShort ? "ns" : "us")}", isLogarithmic: !charted.IsLinear);
        Panel[] panels = [.. points
            .GroupBy(point => PanelOf(point.Benchmark, charted), StringComparer.Ordinal)
            .Select(panel => new Panel(panel.Key, x, y, [.. panel
                .GroupBy(point => LineOf(point.Benchmark, charted), StringComparer.Ordinal)
                .Select(line => new Series(line.Key, [.. line
                    .Select(point => (X: Number(point.Benchmark.Parameters[charted.X]), point.Nanoseconds / (areShort ? 1 : 1000)))
                    .OrderBy(point => point.X)]))]))];
        return new Chart(charted.Title, MachineInfo.Read().Processor, panels, Math.Min(charted.Columns, panels.Length));
    }

    private static string LineOf(BenchmarkCase benchmark, ChartedAttribute charted) =>
        charted.Line is { } line ? $"{benchmark.Parameters[line]}" : benchmark.Descriptor.WorkloadMethod.Name;

    private static string PanelOf(BenchmarkCase benchmark, ChartedAttribute charted)
    {
        IEnumerable<string> others = benchmark.Parameters.Items
            .Where(parameter => parameter.Name != charted.X && parameter.Name != charted.Line)
            .Select(parameter => $"{parameter.Name} {parameter.Value}");
        return string.Join(", ", charted.Line is null ? others : others.Prepend(benchmark.Descriptor.WorkloadMethod.Name));
    }

    private static double Number(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
}
