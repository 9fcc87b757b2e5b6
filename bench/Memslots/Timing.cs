using System.Diagnostics;

namespace RingKit.Bench.Memslots;

/// <summary>Times, and what is made of several of them.</summary>
internal static class Timing
{
    /// <summary>How long an action takes, in nanoseconds.</summary>
    public static double Of(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return (Stopwatch.GetTimestamp() - start) * (1e9 / Stopwatch.Frequency);
    }

    /// <summary>The median.</summary>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);
}
