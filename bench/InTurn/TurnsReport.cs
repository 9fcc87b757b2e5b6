using System.Globalization;
using RingKit.Bench.Reporting;

namespace RingKit.Bench.InTurn;

/// <summary>A table for each point of the grid: medians, and the baseline's time by ours in pairs of the same round.</summary>
internal static class TurnsReport
{
    public static void Write(TextWriter output, Match match)
    {
        output.WriteLine();
        output.WriteLine($"{match.Parameters.PrintInfo}");
        output.WriteLine($"{"",-20}{"median us",12}{"best",12}{"spread",9}{"GB/s",9}{"ns/bit",9}{"x baseline",12}{"from",8}{"to",8}");
        Contender? baseline = match.Contenders.FirstOrDefault(contender => contender.IsBaseline);
        double[]? baselineNet = baseline is null ? null : Net(match, baseline);
        foreach (Contender contender in match.Contenders)
        {
            double[] net = Net(match, contender);
            double[] sorted = [.. net.Order()];
            double median = Quantile(sorted, 0.5);
            output.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{contender.Name,-20}{median / 1e3,12:N3}{sorted[0] / 1e3,12:N3}{(Quantile(sorted, 0.75) - Quantile(sorted, 0.25)) / median,9:P0}"));
            output.Write(Column(ThroughputColumn.BytesOf(contender.Benchmark) / median, 9, "N1"));
            output.Write(Column(IsPreparation(match, contender) ? null : median / PerSetBitColumn.SetBitsOf(contender.Benchmark), 9, "N3"));
            if (baselineNet is not null)
            {
                double[] ratios = [.. baselineNet.Zip(net, (theirs, ours) => theirs / ours).Order()];
                output.Write(string.Create(
                    CultureInfo.InvariantCulture, $"{Quantile(ratios, 0.5),12:N2}{Quantile(ratios, 0.25),8:N2}{Quantile(ratios, 0.75),8:N2}"));
            }

            output.WriteLine();
        }
    }

    // Of each round, the time less that of the preparation in the same round.
    private static double[] Net(Match match, Contender contender)
    {
        Contender? preparation = match.Contenders.FirstOrDefault(other => string.Equals(other.Name, contender.Preparation, StringComparison.Ordinal));
        return preparation is null ? [.. contender.Times] : [.. contender.Times.Zip(preparation.Times, (all, part) => all - part)];
    }

    private static bool IsPreparation(Match match, Contender contender) =>
        match.Contenders.Any(other => string.Equals(other.Preparation, contender.Name, StringComparison.Ordinal));

    private static string Column(double? value, int width, string format) =>
        (value is { } number && double.IsFinite(number) ? number.ToString(format, CultureInfo.InvariantCulture) : "-").PadLeft(width);

    private static double Quantile(double[] sorted, double part) => sorted[(int)Math.Round((sorted.Length - 1) * part)];
}
