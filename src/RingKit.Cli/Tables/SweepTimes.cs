using System.Diagnostics;
using RingKit.Memory;
using RingKit.Mmu.HashTable;
using RingKit.Sweeps;

namespace RingKit.Cli.Tables;

/// <summary>How long one pass over a table takes that counts its valid and changed entries: the median of several, after some that do not count.</summary>
/// <param name="Scalar">A plain loop, entry by entry.</param>
/// <param name="Simd">The sweep on one thread.</param>
/// <param name="Parallel">The sweep on as many threads as pay: on one where the table has 16 MiB or less.</param>
internal sealed record SweepTimes(TimeSpan Scalar, TimeSpan Simd, TimeSpan Parallel)
{
    private const int FewestPasses = 3;
    private const int MostPasses = 101;
    private const nuint WarmUpEntries = 1 << 16;

    // The runtime compiles a hot method anew, twice: each time a tenth of a second after it has last met a new one, and some calls.
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(600);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private static readonly PairFilter Changed = PairFilter.ForBigEndian(HpteV.Valid, HpteR.Changed);

    private interface ISweep
    {
        static abstract ulong Count(NativeView<WordPair> entries);
    }

    /// <exception cref="InvalidOperationException">The three did not count the same.</exception>
    public static SweepTimes Measure(NativeView<WordPair> entries)
    {
        NativeView<WordPair> some = entries.Slice(0, Math.Min(entries.Length, WarmUpEntries));
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < WarmUp;)
            _ = ScalarLoop.Count(some) + SimdSweep.Count(some) + ParallelSweep.Count(some);

        // In turns, so that whatever else the machine does meanwhile befalls all three.
        List<TimeSpan> scalar = [];
        List<TimeSpan> simd = [];
        List<TimeSpan> parallel = [];
        long start = Stopwatch.GetTimestamp();
        while (scalar.Count < FewestPasses || (scalar.Count < MostPasses && Stopwatch.GetElapsedTime(start) < Patience))
        {
            ulong expected = Pass<ScalarLoop>(entries, scalar);
            ulong found = Pass<SimdSweep>(entries, simd);
            ulong together = Pass<ParallelSweep>(entries, parallel);
            if (found != expected || together != expected)
                throw new InvalidOperationException($"The sweeps count {expected}, {found} and {together} changed entries.");
        }

        return new SweepTimes(Median(scalar), Median(simd), Median(parallel));
    }

    private static ulong Pass<TSweep>(NativeView<WordPair> entries, List<TimeSpan> times)
        where TSweep : struct, ISweep
    {
        long start = Stopwatch.GetTimestamp();
        ulong count = TSweep.Count(entries);
        times.Add(Stopwatch.GetElapsedTime(start));
        return count;
    }

    private static TimeSpan Median(List<TimeSpan> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }

    private readonly struct ScalarLoop : ISweep
    {
        // A span holds fewer entries than the largest table.
        private const nuint Step = 1 << 20;

        public static ulong Count(NativeView<WordPair> entries)
        {
            ulong count = 0;
            for (nuint done = 0; done < entries.Length; done += Step)
                count += CountOf(entries.Slice(done, Math.Min(Step, entries.Length - done)).AsSpan());
            return count;
        }

        private static ulong CountOf(ReadOnlySpan<WordPair> entries)
        {
            ulong count = 0;
            ulong valid = Changed.First;
            ulong changed = Changed.Second;
            foreach (ref readonly WordPair entry in entries)
            {
                if ((entry.First & valid) != 0 && (entry.Second & changed) != 0)
                    count++;
            }

            return count;
        }
    }

    private readonly struct SimdSweep : ISweep
    {
        public static ulong Count(NativeView<WordPair> entries) => PairSweep.Count(entries, Changed).Candidates;
    }

    private readonly struct ParallelSweep : ISweep
    {
        public static ulong Count(NativeView<WordPair> entries) => PairSweep.CountParallel(entries, Changed).Candidates;
    }
}
