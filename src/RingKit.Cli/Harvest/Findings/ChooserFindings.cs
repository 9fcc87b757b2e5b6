using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Cli.Harvest.Findings;

/// <summary>How far the logs that choose among others are from the best of those, in words.</summary>
internal static class ChooserFindings
{
    /// <summary>So many times the best one's cost are the goal.</summary>
    public const double Goal = 1.15;

    /// <summary>The names of such logs.</summary>
    public static IReadOnlyList<string> Choosers { get; } = ["adaptive", "chooser"];

    /// <summary>One sentence each.</summary>
    public static IEnumerable<string> Of(HarvestReport report)
    {
        foreach (string chooser in Choosers)
        {
            Distance[] distances = [.. DistancesOf(chooser, report)];
            if (distances.Length != 0)
            {
                yield return $"{chooser}, guest and harvest, {Describe(distances, distance => distance.Ratio)}.";
                yield return $"{chooser}, the first round of all, in which it moves: {Describe(distances, distance => distance.First)}.";
                if (distances.All(distance => distance.Again is not null))
                    yield return $"{chooser}, {NoiseOf(distances)}";
            }
            else if (report.Cells.Any(cell => cell.Log == chooser))
            {
                yield return $"{chooser}: measured alone.";
            }
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

    private static IEnumerable<Distance> DistancesOf(string chooser, HarvestReport report) =>
        from cells in report.Cells.GroupBy(cell => cell.Cell)
        let others = cells.Where(cell => !Choosers.Contains(cell.Log, StringComparer.Ordinal)).ToArray()
        let own = cells.FirstOrDefault(cell => cell.Log == chooser)
        where others.Length != 0 && own is not null
        let best = others.MinBy(cell => cell.Costs.Total)!
        select new Distance(
            best,
            own.Costs.Total / best.Costs.Total,
            own.First / others.Min(cell => cell.First),
            own.Again?.Total / best.Costs.Total);

    private static string Describe(Distance[] distances, Func<Distance, double> ratio)
    {
        Distance worst = distances.MaxBy(ratio)!;
        int near = distances.Count(distance => ratio(distance) <= Goal);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"at most {Goal} times the best one's cost in {near} of {distances.Length} cells; at worst {ratio(worst):0.00} times ({Describe(worst.Best)})");
    }

    private static string NoiseOf(Distance[] distances)
    {
        Distance worst = distances.MaxBy(distance => distance.Noise)!;
        int near = distances.Count(distance => distance.Noise <= Goal);
        int both = distances.Count(distance => distance.Ratio > Goal && distance.Again > Goal);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"measured twice beside the others: within {Goal} times of itself in {near} of {distances.Length} cells; at worst {worst.Noise:0.00} times ({Describe(worst.Best)}). Beyond the goal both times: {both} cells.");
    }

    private static string Describe(LogCell best) =>
        $"{MemorySize.Format(best.Cell.Memory)}, {best.Cell.Dirty}, {PagePatterns.NameOf(best.Cell.Pattern)}, where {best.Log} costs least";

    private static string FormsOf(LogCell[] chosen)
    {
        IEnumerable<string> forms = chosen.GroupBy(cell => cell.Form!.Value).OrderBy(form => form.Key)
            .Select(form => $"the {NameOf(form.Key)} in {form.Count()}");
        return $"{chosen[0].Log} took {string.Join(", ", forms)} of {chosen.Length} cells.";
    }

    // Of one cell: times the cost of the log that costs least there, in rounds that repeat, in the first one, and measured again.
    private sealed record Distance(LogCell Best, double Ratio, double First, double? Again)
    {
        // Between the two, whichever is larger.
        public double Noise => Math.Max(Ratio / (Again ?? Ratio), (Again ?? Ratio) / Ratio);
    }
}
