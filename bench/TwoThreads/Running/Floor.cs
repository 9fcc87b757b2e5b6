using RingKit.Bench.TwoThreads.Contenders;

namespace RingKit.Bench.TwoThreads.Running;

/// <summary>A figure that is to be reached. A floor that is missed is reported; it fails no run, since neighbours can miss it too.</summary>
/// <param name="Text">What it is, in words.</param>
/// <param name="Bound">The figure.</param>
/// <param name="IsUpper">Whether the figure is a bound from above.</param>
/// <param name="Involved">Whose samples it needs.</param>
/// <param name="Measure">What was reached, from these samples.</param>
internal sealed record Floor(string Text, double Bound, bool IsUpper, Contender[] Involved, Func<Samples[], double> Measure)
{
    /// <summary>So many times the rival's speed, by the median of the pairs.</summary>
    public static Floor Speed(string text, double bound, Contender mine, Contender rival) =>
        new(text, bound, IsUpper: false, [mine, rival], samples => Samples.MedianOf(samples[0].SpeedUpOver(samples[1])));

    /// <summary>At most so many times the time of another one, by the median of the pairs.</summary>
    public static Floor SlowDown(string text, double bound, Contender mine, Contender other) =>
        new(text, bound, IsUpper: true, [mine, other], samples => Samples.MedianOf(samples[1].SpeedUpOver(samples[0])));

    /// <summary>The worst run at most so many times the median.</summary>
    public static Floor WorstRun(double bound, Contender mine) =>
        new("worst run / median", bound, IsUpper: true, [mine], samples => samples[0].Worst / samples[0].Median);

    /// <summary>So many millions a second.</summary>
    public static Floor Rate(string text, double millions, Contender mine) =>
        new(text, millions, IsUpper: false, [mine], samples => 1000 / samples[0].Median);

    public bool Holds(double reached) => IsUpper ? reached <= Bound : reached >= Bound;
}
