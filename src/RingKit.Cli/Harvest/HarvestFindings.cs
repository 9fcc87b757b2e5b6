using RingKit.Cli.Commands;

namespace RingKit.Cli.Harvest;

/// <summary>What the cells say, in words.</summary>
internal static class HarvestFindings
{
    // They choose among the others, and so take no part in the comparison of those.
    private static readonly string[] Choosers = ["adaptive", "chooser"];

    // Below this the clock is what is measured.
    private const double LeastCost = 0.001;

    /// <summary>One sentence each.</summary>
    public static IEnumerable<string> Of(HarvestReport report)
    {
        foreach (ulong memory in report.Settings.Memory)
        {
            foreach (PagePattern pattern in report.Settings.Patterns)
            {
                string where = $"{MemorySize.Format(memory)}, {PagePatterns.NameOf(pattern)}";
                foreach ((string what, Func<LogCell, double> cost) in Kinds)
                {
                    CostLine[] lines = [.. Lines(report, memory, pattern, cost).Where(line => !Choosers.Contains(line.Log))];
                    if (lines.Length < 2 || lines[0].Points.Count < 2)
                        continue;
                    yield return $"{where}, {what}: {ReignsOf(lines, memory)}.";
                    if (lines.FirstOrDefault(line => line.Log == "ring") is { } ring && lines.FirstOrDefault(line => line.Log == "bitmap") is { } bitmap)
                        yield return $"{where}, {what}: {RingAgainstBitmap(ring, bitmap, memory)}.";
                }
            }
        }

        foreach (string chooser in Choosers)
        {
            if (report.Cells.Any(cell => cell.Log == chooser))
                yield return DistanceOf(chooser, report);
        }
    }

    /// <summary>What each log costs in the cells of one guest and pattern.</summary>
    public static IReadOnlyList<CostLine> Lines(HarvestReport report, ulong memory, PagePattern pattern, Func<LogCell, double> cost) =>
    [
        .. from cell in report.Cells
           where cell.Cell.Memory == memory && cell.Cell.Pattern == pattern
           group cell by cell.Log into log
           select new CostLine(log.Key, [.. log
               .OrderBy(cell => cell.DirtyPages)
               .DistinctBy(cell => cell.DirtyPages)
               .Select(cell => ((double)cell.DirtyPages, Math.Max(cost(cell), LeastCost)))]),
    ];

    private static IEnumerable<(string Name, Func<LogCell, double> Cost)> Kinds =>
        [("harvest alone", cell => cell.Costs.Harvest), ("guest and harvest", cell => cell.Costs.Total)];

    private static string ReignsOf(CostLine[] lines, ulong memory)
    {
        IReadOnlyList<Reign> reigns = Crossovers.Reigns(lines);
        return reigns.Count == 1
            ? $"{reigns[0].Log} costs least, whatever is dirty"
            : $"{string.Join(", ", reigns.SkipLast(1).Select(reign => $"{reign.Log} costs least up to {Count(reign.To, memory)}"))}, {reigns[^1].Log} from there on";
    }

    private static string RingAgainstBitmap(CostLine ring, CostLine bitmap, ulong memory) => Crossovers.Above(ring, bitmap) switch
    {
        null => "the ring costs less than the flat bitmap, whatever is dirty",
        0 => "the flat bitmap costs less than the ring, whatever is dirty",
        { } at => $"the ring costs less than the flat bitmap below {Count(at, memory)}",
    };

    private static string DistanceOf(string chooser, HarvestReport report)
    {
        var ratios =
            (from cells in report.Cells.GroupBy(cell => cell.Cell)
             let best = cells.Where(cell => !Choosers.Contains(cell.Log)).MinBy(cell => cell.Costs.Total)
             let own = cells.FirstOrDefault(cell => cell.Log == chooser)
             where best is not null && own is not null
             select (Ratio: own.Costs.Total / best.Costs.Total, Best: best)).ToArray();
        if (ratios.Length == 0)
            return $"{chooser}: measured alone.";
        (double worst, LogCell at) = ratios.MaxBy(ratio => ratio.Ratio);
        int near = ratios.Count(ratio => ratio.Ratio <= 1.15);
        string cell = $"{MemorySize.Format(at.Cell.Memory)}, {at.Cell.Dirty}, {PagePatterns.NameOf(at.Cell.Pattern)}, where {at.Log} costs least";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{chooser}, guest and harvest: at most 1.15 times the best log's cost in {near} of {ratios.Length} cells; at worst {worst:0.00} times ({cell}).");
    }

    // Two digits: it is an estimate between two cells.
    private static string Count(double pages, ulong memory)
    {
        double unit = pages < 100 ? 1 : Math.Pow(10, Math.Floor(Math.Log10(pages)) - 1);
        double rounded = Math.Round(pages / unit) * unit;
        double percent = pages * 100 / HarvestSettings.PagesOf(memory);
        return string.Create(CultureInfo.InvariantCulture, $"{rounded:N0} dirty pages ({percent:G2} %)");
    }
}
