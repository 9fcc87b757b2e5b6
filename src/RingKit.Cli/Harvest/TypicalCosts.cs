namespace RingKit.Cli.Harvest;

/// <summary>What logs cost that took turns. On a machine with neighbours rounds of the same log differ by a factor of two and more, and those of one turn by much less.</summary>
/// <remarks>
/// So each turn has a speed, the median of what its rounds took beside those of the same logs, and each log a cost, the median of its rounds divided by their turns' speeds: Tukey's median polish,
/// of the logarithms. The lower quartile of the speeds counts, as what disturbs a turn only ever lengthens it. Of one log alone that is the lower quartile of its rounds.
/// </remarks>
internal static class TypicalCosts
{
    private const int Sweeps = 4;

    // 1.253 standard deviations, each of which is 1.483 median distances.
    private const double ErrorOfMedian = 1.858;

    /// <summary>The costs of each log.</summary>
    /// <param name="logs">For each its rounds, in the order of turns: as many as the others have, at least 1.</param>
    public static CellCosts[] Of(IReadOnlyList<IReadOnlyList<CellCosts>> logs)
    {
        double[] guest = Times(round => round.Guest), stall = Times(round => round.Stall), harvest = Times(round => round.Harvest);
        return [.. logs.Select((rounds, i) => new CellCosts(
            guest[i],
            stall[i],
            harvest[i],
            Count(rounds, round => round.Faults),
            Count(rounds, round => round.FullExits),
            Count(rounds, round => round.Entries),
            Count(rounds, round => round.ResetCalls),
            Count(rounds, round => round.Invalidations),
            Count(rounds, round => round.BytesTouched)))];

        double[] Times(Func<CellCosts, double> time) => Of([.. logs.Select(rounds => rounds.Select(time).ToArray())]);
    }

    /// <summary>The time of each log.</summary>
    /// <param name="logs">For each the times of its rounds, in the order of turns: as many as the others have, at least 1. None is negative.</param>
    public static double[] Of(IReadOnlyList<double[]> logs)
    {
        (double[] costs, double[] speeds) = Polish(logs);
        double typical = Quantile(speeds, 0.25);
        return [.. costs.Select(cost => cost * typical)];
    }

    /// <summary>By which part of it the typical log's cost is uncertain: the standard error of a median.</summary>
    /// <param name="logs">As there.</param>
    public static double ErrorOf(IReadOnlyList<double[]> logs)
    {
        (double[] costs, double[] speeds) = Polish(logs);
        double[] distances = [.. logs.SelectMany((times, log) => times.Select((time, turn) => Math.Abs((time / (costs[log] * speeds[turn])) - 1)).Where(double.IsFinite))];
        return distances.Length == 0 ? 0 : ErrorOfMedian * Quantile(distances, 0.5) / Math.Sqrt(speeds.Length);
    }

    private static (double[] Costs, double[] Speeds) Polish(IReadOnlyList<double[]> logs)
    {
        double[] costs = [.. logs.Select(times => Quantile(times, 0.5))];
        double[] speeds = [];
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            speeds = [.. Enumerable.Range(0, logs[0].Length).Select(SpeedOf)];
            costs = [.. logs.Select(times => Quantile(times.Zip(speeds, (time, speed) => time / speed), 0.5))];
        }

        return (costs, speeds);

        // What takes no time tells nothing of the machine's.
        double SpeedOf(int turn)
        {
            double[] ratios = [.. logs.Select((times, log) => times[turn] / costs[log]).Where(ratio => ratio > 0 && double.IsFinite(ratio))];
            return ratios.Length == 0 ? 1 : Quantile(ratios, 0.5);
        }
    }

    /// <summary>The lower quartile: one that was met.</summary>
    public static double LowerQuartile(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(sorted.Length - 1) / 4];
    }

    private static double Count(IReadOnlyList<CellCosts> rounds, Func<CellCosts, double> count) => LowerQuartile(rounds.Select(count));

    // Between two that were met, on the line between them.
    private static double Quantile(IEnumerable<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        double at = (sorted.Length - 1) * part;
        int below = (int)at;
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] + ((sorted[below + 1] - sorted[below]) * (at - below));
    }
}
