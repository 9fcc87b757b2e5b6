using RingKit.Bench.TwoThreads.Contenders;

namespace RingKit.Bench.TwoThreads.Running;

/// <summary>The runs of one contender, in the order in which they were made.</summary>
internal sealed class Samples(IReadOnlyList<RunResult> runs)
{
    private readonly double[] _sorted = [.. runs.Select(run => run.Nanoseconds).Order()];

    public IReadOnlyList<RunResult> Runs { get; } = runs;

    public double Median => MedianOf(_sorted);

    public double Best => _sorted[0];

    public double Worst => _sorted[^1];

    /// <summary>How far apart the quartiles are, as a part of the median.</summary>
    public double Spread => (_sorted[3 * (_sorted.Length - 1) / 4] - _sorted[(_sorted.Length - 1) / 4]) / Median;

    public long Switches => Runs.Sum(run => run.Switches);

    /// <summary>How many times faster than a rival, for each run and the rival's run next to it, ascending.</summary>
    public double[] SpeedUpOver(Samples rival) =>
        [.. Runs.Zip(rival.Runs, (mine, other) => other.Nanoseconds / mine.Nanoseconds).Order()];

    public static double MedianOf(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
