using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RingKit.Bench.Density;

/// <summary>Times one thing at a time, without what looking at the clock takes.</summary>
internal static class Clock
{
    private const int Batches = 50;
    private const int Looks = 2000;

    /// <summary>What looking at the clock takes, in nanoseconds; it is subtracted.</summary>
    public static double OwnNanoseconds { get; } = Enumerable.Range(0, Batches).Min(_ => Look());

    /// <summary>The time since a timestamp, in nanoseconds; of something very short, only the mean of many means anything.</summary>
    public static double Since(long start) => ((Stopwatch.GetTimestamp() - start) * 1e9 / Stopwatch.Frequency) - OwnNanoseconds;

    // The clock may go in steps of more than this takes, so that the mean of many is needed here as well.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Look()
    {
        long ticks = 0;
        for (int i = 0; i < Looks; i++)
        {
            long start = Stopwatch.GetTimestamp();
            ticks += Stopwatch.GetTimestamp() - start;
        }

        return ticks * 1e9 / Stopwatch.Frequency / Looks;
    }
}
