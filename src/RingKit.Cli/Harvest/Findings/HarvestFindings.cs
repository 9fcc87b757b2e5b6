using RingKit.Cli.Commands;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Cli.Harvest.Findings;

/// <summary>What the cells say, in words.</summary>
internal static class HarvestFindings
{
    // They choose among the others, and so take no part in the comparison of those.
    private static readonly string[] Choosers = ["adaptive", "chooser"];

    // Nor do these: they are the flat bitmap and the ring, with KVM's copies of them and its calls around.
    private static readonly string[] Variants = ["get", "get-clear", "kvm-get", "kvm-clear", "kvm-ring"];

    // Below this the clock is what is measured, in microseconds.
    private const double LeastCost = 0.001;

    /// <summary>One sentence each.</summary>
    public static IEnumerable<string> Of(HarvestReport report)
    {
        foreach (ulong memory in report.Settings.Memory)
        {
            foreach (PagePattern pattern in report.Settings.Patterns)
            {
                foreach ((string what, Func<LogCell, double> cost) in Kinds)
                {
                    CostLine[] lines = [.. Lines(report, memory, pattern, cost).Where(line => !Choosers.Contains(line.Log) && !Variants.Contains(line.Log))];
                    if (lines.Length > 1 && lines[0].Points.Count > 1)
                        yield return $"{MemorySize.Format(memory)}, {PagePatterns.NameOf(pattern)}, {what}: {Compare(lines, memory)}.";
                }
            }
        }

        foreach (string chooser in Choosers)
        {
            if (report.Cells.Any(cell => cell.Log == chooser))
                yield return DistanceOf(chooser, report);
        }

        LogCell[] chosen = [.. report.Cells.Where(cell => cell.Form is not null)];
        if (chosen.Length != 0)
            yield return FormsOf(chosen);
    }

    /// <summary>A form's name: that of the log that has no other.</summary>
    public static string NameOf(DirtyLogForm form) => form switch
    {
        DirtyLogForm.Ring => "ring",
        DirtyLogForm.Summary => "summary",
        _ => "bitmap",
    };

    /// <summary>What each log costs in the cells of one guest and pattern.</summary>
    public static IReadOnlyList<CostLine> Lines(HarvestReport report, ulong memory, PagePattern pattern, Func<LogCell, double> cost) =>
    [
        .. report.Cells
            .Where(cell => cell.Cell.Memory == memory && cell.Cell.Pattern == pattern)
            .GroupBy(cell => cell.Log, StringComparer.Ordinal)
            .Select(log => new CostLine(log.Key, [.. log
                .OrderBy(cell => cell.DirtyPages)
                .DistinctBy(cell => cell.DirtyPages)
                .Select(cell => ((double)cell.DirtyPages, Math.Max(cost(cell), LeastCost)))])),
    ];

    private static IEnumerable<(string Name, Func<LogCell, double> Cost)> Kinds =>
        [("harvest alone", cell => cell.Costs.Harvest), ("guest and harvest", cell => cell.Costs.Total)];

    private static string Compare(CostLine[] lines, ulong memory)
    {
        IReadOnlyList<Reign> reigns = Crossovers.Reigns(lines);
        string order = reigns.Count == 1
            ? $"{reigns[0].Log}, whatever is dirty"
            : $"{string.Join(", ", reigns.SkipLast(1).Select(reign => $"{reign.Log} up to {Count(reign.To, memory)}"))}, {reigns[^1].Log} from there on";

        // Who asks for the ring against the bitmap finds it in this order, unless a third log comes between them.
        if (reigns.Count == 2 && (reigns[0].Log, reigns[1].Log) == ("ring", "bitmap"))
            return order;
        return lines.FirstOrDefault(line => line.Log == "ring") is { } ring && lines.FirstOrDefault(line => line.Log == "bitmap") is { } bitmap
            ? $"{order}; {RingAgainstBitmap(ring, bitmap, memory)}"
            : order;
    }

    private static string RingAgainstBitmap(CostLine ring, CostLine bitmap, ulong memory) => Crossovers.Below(ring, bitmap) switch
    {
        null => "the ring never costs less than the bitmap",
        { } at when at >= ring.Points[^1].Pages => "the ring always costs less than the bitmap",
        { } at => $"the ring costs less than the bitmap up to {Count(at, memory)}",
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
            $"{chooser}, guest and harvest: at most 1.15 times the best one's cost in {near} of {ratios.Length} cells; at worst {worst:0.00} times ({cell}).");
    }

    private static string FormsOf(LogCell[] chosen)
    {
        IEnumerable<string> forms = chosen.GroupBy(cell => cell.Form!.Value).OrderBy(form => form.Key)
            .Select(form => $"the {NameOf(form.Key)} in {form.Count()}");
        return $"{chosen[0].Log} took {string.Join(", ", forms)} of {chosen.Length} cells.";
    }

    // Two digits: it is an estimate between two cells.
    private static string Count(double pages, ulong memory)
    {
        double percent = TwoDigits(pages * 100 / HarvestSettings.PagesOf(memory));
        return string.Create(CultureInfo.InvariantCulture, $"{TwoDigits(Math.Max(pages, 1)):N0} dirty pages ({percent:0.###########} %)");
    }

    private static double TwoDigits(double value)
    {
        double unit = value == 0 ? 1 : Math.Pow(10, Math.Floor(Math.Log10(value)) - 1);
        return Math.Round(value / unit) * unit;
    }
}
