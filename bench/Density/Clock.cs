using System.Diagnostics;

namespace RingKit.Bench.Density;

/// <summary>Times one thing at a time, without what looking at the clock takes.</summary>
internal static class Clock
{
    private static readonly long Own = OwnTicks();

    /// <summary>What looking at the clock takes, in nanoseconds; it is subtracted.</summary>
    public static double OwnNanoseconds => Own * 1e9 / Stopwatch.Frequency;

    /// <summary>The time since a timestamp, in nanoseconds.</summary>
    public static double Since(long start) => Math.Max(Stopwatch.GetTimestamp() - start - Own, 0) * 1e9 / Stopwatch.Frequency;

    private static long OwnTicks()
    {
        long[] ticks = new long[10_001];
        for (int i = 0; i < ticks.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }

        Array.Sort(ticks);
        return ticks[ticks.Length / 2];
    }
}
