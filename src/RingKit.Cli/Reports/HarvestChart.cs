using RingKit.Cli.Charts;
using RingKit.Cli.Commands;
using RingKit.Cli.Harvest;

namespace RingKit.Cli.Reports;

/// <summary>The times of harvests as a picture: a panel for each size of guest and pattern.</summary>
internal static class HarvestChart
{
    private const int MostColumns = 3;

    public static void Write(HarvestReport report, TextWriter writer)
    {
        var x = new Axis("dirty pages", isLogarithmic: true);
        var y = new Axis("one harvest, us", isLogarithmic: true);
        Panel[] panels =
        [
            .. from memory in report.Settings.Memory
               from pattern in report.Settings.Patterns
               let lines = HarvestFindings.Lines(report, memory, pattern, cell => cell.Costs.Harvest)
               where lines.Count > 0
               select new Panel(
                   $"{MemorySize.Format(memory)}, {PagePatterns.NameOf(pattern)}", x, y, [.. lines.Select(line => new Series(line.Log, line.Points))]),
        ];
        string machine = $"{MachineInfo.Read().Processor}; {report.Settings.Mmu.Name} page table, {report.Settings.Vcpus} vCPU, rings of {report.Settings.RingEntries} entries";
        writer.Write(SvgChart.Render(new Chart(
            "Learning which pages were written, by how many were", machine, panels, Math.Min(report.Settings.Patterns.Count, MostColumns))));
    }
}
