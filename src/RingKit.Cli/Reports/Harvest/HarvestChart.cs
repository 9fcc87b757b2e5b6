using RingKit.Cli.Charts;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Findings;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Reports.Info;

namespace RingKit.Cli.Reports.Harvest;

/// <summary>A comparison as a picture: a panel for each size of guest and pattern, or one for the memory of logs.</summary>
internal static class HarvestChart
{
    private const int MostColumns = 3;
    private const string Harvest = "harvest", Total = "total", Memory = "memory";

    /// <summary>What can be shown; the first if nobody says what.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [Harvest, Total, Memory];

    /// <param name="report">The comparison.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="writer">Takes the SVG file.</param>
    public static void Write(HarvestReport report, string kind, TextWriter writer)
    {
        HarvestSettings settings = report.Settings;
        string machine = $"{MachineInfo.Read().Processor}; {settings.Mmu.Name} page table, {settings.Vcpus} vCPU, rings of {settings.RingEntries} entries";
        writer.Write(SvgChart.Render(kind == Memory
            ? new Chart("The memory of dirty logs", machine, [MemoryPanel(report)])
            : new Chart(TitleOf(report, kind), machine, CostPanels(report, kind), ColumnsOf(settings))));
    }

    // A column a pattern; if there is but one, the guests stand side by side.
    private static int ColumnsOf(HarvestSettings settings) =>
        Math.Min(settings.Patterns.Count == 1 ? settings.Memory.Count : settings.Patterns.Count, MostColumns);

    private static string TitleOf(HarvestReport report, string kind)
    {
        string what = report.Settings.TracePath is { } trace ? $"Learning which pages {Path.GetFileName(trace)} has written" : "Learning which pages were written, by how many were";
        return kind == Total ? $"{what}: guest and harvest" : what;
    }

    private static Panel[] CostPanels(HarvestReport report, string kind)
    {
        var x = new Axis("dirty pages", isLogarithmic: true);
        var y = new Axis(kind == Total ? "guest and harvest, ns a dirty page" : "one harvest, us", isLogarithmic: true);
        return
        [
            .. from memory in report.Settings.Memory
               from pattern in report.Settings.Patterns
               let lines = HarvestFindings.Lines(report, memory, pattern, CostOf)
               where lines.Count > 0
               select new Panel(
                   $"{MemorySize.Format(memory)}, {PagePatterns.NameOf(pattern)}", x, y, [.. lines.Select(line => new Series(line.Log, line.Points))]),
        ];

        // Where nothing is dirty there is nothing to share the cost: all of it is shown.
        double CostOf(LogCell cell) => kind == Total ? cell.Costs.Total * 1000 / Math.Max(cell.DirtyPages, 1) : cell.Costs.Harvest;
    }

    private static Panel MemoryPanel(HarvestReport report)
    {
        var x = new Axis("memory of the guest, GiB", isLogarithmic: true);
        var y = new Axis("memory of the log, KiB", isLogarithmic: true);
        return new Panel("", x, y, [.. report.Cells
            .GroupBy(cell => cell.Log, StringComparer.Ordinal)
            .Select(log => new Series(log.Key, [.. log
                .DistinctBy(cell => cell.Cell.Memory)
                .OrderBy(cell => cell.Cell.Memory)
                .Select(cell => (cell.Cell.Memory / (double)(1 << 30), cell.BookkeepingBytes / 1024.0))]))]);
    }
}
