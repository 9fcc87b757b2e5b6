using System.Diagnostics;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>Time as fine as the machine has it: a harvest may take less than a microsecond.</summary>
internal static class Clock
{
    /// <summary>Between two timestamps of <see cref="Stopwatch"/>.</summary>
    public static double Microseconds(long start, long end) => (end - start) * 1e6 / Stopwatch.Frequency;
}
