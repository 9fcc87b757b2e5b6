using CommunityToolkit.HighPerformance.Helpers;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Sweeps;

/// <summary>The variants for several threads: one core uses up neither the third-level cache's bandwidth nor, everywhere, the memory's.</summary>
public static unsafe partial class PairSweep
{
    // A part for a sink is 1 MiB, one to be counted a quarter: so long the threads may wait for the last one.
    private const uint PartPairs = (1 << 20) / WordPair.SizeInBytes;
    private const uint CountedPairs = PartPairs / 4;

    // 4 MiB, some 90 us: the second thread takes 20 us to wake up, or 100 and more (bench -- hashtable).
    private const uint FewestPairsPerThread = 4 * PartPairs;

    /// <summary>
    /// Counts the pairs of each class with as many threads as there are cores; tables of up to 4 MiB are counted by the calling thread alone.
    /// </summary>
    /// <param name="pairs">The table; may be empty.</param>
    /// <param name="filter">What to look for.</param>
    /// <exception cref="ObjectDisposedException">The memory behind the view is disposed.</exception>
    public static PairCounts CountParallel(NativeView<WordPair> pairs, PairFilter filter)
    {
        using NativeHold hold = pairs.Hold();
        PairCounts[] counts = new PairCounts[Threads(pairs)];
        ParallelHelper.For(0, counts.Length, new CountParts(pairs, filter, counts, new ulong[1]));

        ulong candidates = 0;
        ulong lookAgain = 0;
        foreach (PairCounts thread in counts)
        {
            candidates += thread.Candidates;
            lookAgain += thread.LookAgain;
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
    /// gather they reach by references, and what these share is safe for threads. What a copy throws ends the work of its thread; parts
    /// that no other thread takes are left out.
    /// </param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="AggregateException">Copies of the sink threw, and the table has more than 4 MiB. On the calling thread alone it is what the sink threw.</exception>
    /// <exception cref="ObjectDisposedException">The memory behind the view is disposed.</exception>
    public static void SweepParallel<TSink>(NativeView<WordPair> pairs, PairFilter filter, TSink sink)
        where TSink : struct, IPairSink
    {
        using NativeHold hold = pairs.Hold();
        ParallelHelper.For(0, Threads(pairs), new SweepParts<TSink>(pairs, filter, sink, new ulong[1]));
    }

    private static int Threads(NativeView<WordPair> pairs) =>
        (int)Math.Clamp((pairs.Length + FewestPairsPerThread - 1) / FewestPairsPerThread, 1, (nuint)Environment.ProcessorCount);

    // The next part that nobody has: who wakes up late, or loses his core, has fewer. It orders nothing; the end of the call does.
    private static bool TryClaim(ref ulong next, NativeView<WordPair> pairs, uint partPairs, out nuint start, out NativeView<WordPair> part)
    {
        ulong claimed = HardwareOrdering.LoadRelaxed(ref next);
        ulong found;
        while ((found = HardwareOrdering.CompareExchangeRelaxed(ref next, claimed + 1, claimed)) != claimed)
            claimed = found;
        start = (nuint)Math.Min(claimed * partPairs, pairs.Length);
        part = pairs.Slice(start, Math.Min(partPairs, pairs.Length - start));
        return part.Length != 0;
    }

    private readonly struct CountParts(NativeView<WordPair> pairs, PairFilter filter, PairCounts[] counts, ulong[] next) : IAction
    {
        public void Invoke(int i)
        {
            ulong candidates = 0;
            ulong lookAgain = 0;
            while (TryClaim(ref next[0], pairs, CountedPairs, out _, out NativeView<WordPair> part))
            {
                PairCounts count = WidestScan.Count(in *part.DangerousPointer, part.Length, filter, Prefetch(pairs.Length));
                candidates += count.Candidates;
                lookAgain += count.LookAgain;
            }

            counts[i] = new PairCounts(candidates, lookAgain);
        }
    }

    private readonly struct SweepParts<TSink>(NativeView<WordPair> pairs, PairFilter filter, TSink sink, ulong[] next) : IAction
        where TSink : struct, IPairSink
    {
        public void Invoke(int i)
        {
            while (TryClaim(ref next[0], pairs, PartPairs, out nuint start, out NativeView<WordPair> part))
            {
                TSink own = sink;
                WidestScan.Sweep(in *part.DangerousPointer, part.Length, start, filter, Prefetch(pairs.Length), ref own);
            }
        }
    }
}
