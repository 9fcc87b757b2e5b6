using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest.Patterns;

namespace RingKit.Cli.Harvest.Findings;

/// <summary>What the cells say, in words.</summary>
internal static class HarvestFindings
{
    // These take no part in the comparison: they are the flat bitmap and the ring, with KVM's copies of them and its calls around.
    private static readonly string[] Variants = ["get", "get-clear", "sim-kvm-get", "sim-kvm-clear", "sim-kvm-ring"];

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
                    CostLine[] lines = [.. Lines(report, memory, pattern, cost).Where(line => !ChooserFindings.Choosers.Contains(line.Log, StringComparer.Ordinal) && !Variants.Contains(line.Log))];
                    if (lines.Length > 1 && lines[0].Points.Count > 1)
                        yield return $"{MemorySize.Format(memory)}, {PagePatterns.NameOf(pattern)}, {what}: {Compare(lines, memory)}.";
                }
            }
        }

        foreach (string sentence in ChooserFindings.Of(report))
            yield return sentence;
    }

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
