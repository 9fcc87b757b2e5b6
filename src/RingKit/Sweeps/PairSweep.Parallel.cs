using CommunityToolkit.HighPerformance.Helpers;
using RingKit.Memory;

namespace RingKit.Sweeps;

/// <summary>The variants for several threads: one core uses up neither the third-level cache's bandwidth nor, everywhere, the memory's.</summary>
public static unsafe partial class PairSweep
{
    // A part is 1 MiB. Each thread gets 4 or more, some 90 us of work: the second one takes 20 to 50 us to wake up (bench/SweepBenchmarks).
    private const uint PartPairs = (1 << 20) / WordPair.SizeInBytes;
    private const int FewestPartsPerThread = 4;

    /// <summary>
    /// Counts the pairs of each class with as many threads as there are cores; tables of up to 4 MiB are counted by the calling thread alone.
    /// </summary>
    /// <param name="pairs">The table; may be empty.</param>
    /// <param name="filter">What to look for.</param>
    /// <exception cref="ObjectDisposedException">The memory behind the view is disposed.</exception>
    public static PairCounts CountParallel(NativeView<WordPair> pairs, PairFilter filter)
    {
        using NativeHold hold = pairs.Hold();
        PairCounts[] counts = new PairCounts[Parts(pairs)];
        ParallelHelper.For(0, counts.Length, new CountPart(pairs, filter, counts), FewestPartsPerThread);

        ulong candidates = 0;
        ulong lookAgain = 0;
        foreach (PairCounts part in counts)
        {
            candidates += part.Candidates;
            lookAgain += part.LookAgain;
        }

        return new PairCounts(candidates, lookAgain);
    }

    /// <summary>
    /// Hands all pairs of both classes to copies of a sink, on as many threads as there are cores; tables of up to 4 MiB are swept by the calling
    /// thread alone.
    /// </summary>
    /// <param name="pairs">The table; may be empty.</param>
    /// <param name="filter">What to look for.</param>
    /// <param name="sink">
    /// Copied for each part of 1 MiB, which one thread sweeps in ascending order; parts come in any order and at the same time. What the copies
    /// gather they reach by references, and what these share is safe for threads. What a copy throws ends the sweep of its part.
    /// </param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="AggregateException">Copies of the sink threw, and the table has more than 4 MiB. On the calling thread alone it is what the sink threw.</exception>
    /// <exception cref="ObjectDisposedException">The memory behind the view is disposed.</exception>
    public static void SweepParallel<TSink>(NativeView<WordPair> pairs, PairFilter filter, TSink sink)
        where TSink : struct, IPairSink
    {
        using NativeHold hold = pairs.Hold();
        ParallelHelper.For(0, Parts(pairs), new SweepPart<TSink>(pairs, filter, sink), FewestPartsPerThread);
    }

    private static int Parts(NativeView<WordPair> pairs) => checked((int)((pairs.Length + PartPairs - 1) / PartPairs));

    private static NativeView<WordPair> PartOf(NativeView<WordPair> pairs, int part)
    {
        nuint start = (nuint)part * PartPairs;
        return pairs.Slice(start, Math.Min(PartPairs, pairs.Length - start));
    }

    private readonly struct CountPart(NativeView<WordPair> pairs, PairFilter filter, PairCounts[] counts) : IAction
    {
        public void Invoke(int i)
        {
            NativeView<WordPair> part = PartOf(pairs, i);
            counts[i] = WidestScan.Count(in *part.DangerousPointer, part.Length, filter, Prefetch(pairs.Length));
        }
    }

    private readonly struct SweepPart<TSink>(NativeView<WordPair> pairs, PairFilter filter, TSink sink) : IAction
        where TSink : struct, IPairSink
    {
        public void Invoke(int i)
        {
            NativeView<WordPair> part = PartOf(pairs, i);
            TSink own = sink;
            WidestScan.Sweep(in *part.DangerousPointer, part.Length, (ulong)i * PartPairs, filter, Prefetch(pairs.Length), ref own);
        }
    }
}
