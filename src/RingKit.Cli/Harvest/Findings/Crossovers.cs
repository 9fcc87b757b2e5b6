namespace RingKit.Cli.Harvest.Findings;

/// <summary>Finds where one log becomes cheaper than another, from what was measured at the same dirty counts.</summary>
internal static class Crossovers
{
    /// <summary>Who is cheapest stays so until another one is cheaper by more than this: no crossing is made of noise.</summary>
    public const double Tolerance = 1.1;

    /// <summary>Which log costs least, from the lowest dirty count to the highest.</summary>
    /// <param name="lines">One or more, with the same counts, at least one.</param>
    public static IReadOnlyList<Reign> Reigns(IReadOnlyList<CostLine> lines)
    {
        IReadOnlyList<(double Pages, double Cost)> axis = lines[0].Points;
        CostLine current = CheapestAt(lines, 0);
        List<Reign> reigns = [];
        double from = axis[0].Pages;
        for (int i = 1; i < axis.Count; i++)
        {
            CostLine cheapest = CheapestAt(lines, i);
            if (current.Points[i].Cost <= cheapest.Points[i].Cost * Tolerance)
                continue;
            double at = Between(current, cheapest, i);
            reigns.Add(new Reign(current.Log, from, at));
            (current, from) = (cheapest, at);
        }

        reigns.Add(new Reign(current.Log, from, axis[^1].Pages));
        return reigns;
    }

    /// <summary>Up to how many dirty pages a log is cheaper than another, by more than <see cref="Tolerance"/>.</summary>
    /// <param name="low">The log that is cheaper below.</param>
    /// <param name="high">The one that may be cheaper above.</param>
    /// <returns>Null if it is so at no count that was measured.</returns>
    public static double? Below(CostLine low, CostLine high)
    {
        int i = low.Points.Count - 1;
        while (i >= 0 && low.Points[i].Cost * Tolerance >= high.Points[i].Cost)
            i--;
        if (i < 0)
            return null;
        return i == low.Points.Count - 1 || low.Points[i + 1].Cost <= high.Points[i + 1].Cost
            ? low.Points[i].Pages
            : Between(low, high, i + 1);
    }

    private static CostLine CheapestAt(IReadOnlyList<CostLine> lines, int i) => lines.MinBy(line => line.Points[i].Cost)!;

    // Costs are taken for powers of the count between two that were measured, as straight lines on paper with logarithmic axes are. Zero has no place there.
    private static double Between(CostLine before, CostLine after, int i)
    {
        (double low, double high) = (before.Points[i - 1].Pages, before.Points[i].Pages);
        double ratioLow = Math.Log(before.Points[i - 1].Cost / after.Points[i - 1].Cost), ratioHigh = Math.Log(before.Points[i].Cost / after.Points[i].Cost);
        if (ratioLow >= 0)
            return low;
        double part = -ratioLow / (ratioHigh - ratioLow);
        return low == 0 ? high * part : Math.Exp(Math.Log(low) + (part * Math.Log(high / low)));
    }
}
