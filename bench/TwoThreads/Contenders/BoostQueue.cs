using System.Globalization;
using RingKit.Bench.Rivals;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>boost::lockfree::spsc_queue in a process of its own, started for each run.</summary>
/// <param name="name">What it is called in the report.</param>
/// <param name="operations">How many items, or round trips.</param>
/// <param name="program">The compiled program.</param>
/// <param name="mode">Its first argument.</param>
internal sealed class BoostQueue(string name, long operations, NativeRival program, string mode) : Contender(name, operations)
{
    public override RunResult Run(long operations)
    {
        var (exitCode, output, error) = NativeRival.Run(program.File, mode, Text(operations), Core(0), Core(1));
        if (exitCode != 0)
            throw new InvalidOperationException($"boost_spsc ended with exit code {exitCode}: {error}");

        string[] words = output.Split(' ', StringSplitOptions.TrimEntries);
        return new RunResult(
            double.Parse(words[0], CultureInfo.InvariantCulture) / operations,
            long.Parse(words[1], CultureInfo.InvariantCulture),
            words[2] is "1");
    }

    /// <summary>Nothing: the process has ended, and the program belongs to whoever compiled it.</summary>
    public override void Dispose()
    {
    }

    private static string Core(int role) => Text(Crew.IsPinned ? Crew.CoreOf(role) : -1);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
