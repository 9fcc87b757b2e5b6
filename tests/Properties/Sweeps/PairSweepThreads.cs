using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Properties.Support;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.Sweeps;

/// <summary>Sweeps of a table that other threads write.</summary>
[Collection(RunAlone.Name)]
public sealed class PairSweepThreads
{
    private const ulong Valid = 1;
    private const ulong Locked = 2;
    private const ulong Changed = 4;

    private static readonly PairFilter Filter = new(Valid, Changed, againFirst: Locked);

    [Fact]
    public void A_pair_set_before_the_sweep_starts_is_found() =>
        SetWhileSweeping(pairs: 1 << 16, setEach: 1, pairsNow =>
        {
            var sink = new PrefixSink();
            PairSweep.Sweep(pairsNow, Filter, ref sink);
            return sink.Candidates;
        });

    [Fact]
    public void A_pair_set_before_the_parallel_sweep_starts_is_counted() =>
        SetWhileSweeping(pairs: 18 << 16, setEach: 24, pairsNow => PairSweep.CountParallel(pairsNow, Filter).Candidates);

    [Fact]
    public void A_candidate_that_hides_behind_its_lock_is_always_seen_as_one_or_the_other()
    {
        // Each pair is a candidate, except that a writer takes some in hand: he locks before he takes the valid bit away, and gives it back
        // before he unlocks. A sweep that looked at a word once for either class would see neither now and then.
        const int Pairs = 256;
        const int Sweeps = 1_000_000;
        using var block = new NativeBlock<WordPair>(Pairs);
        block.View.AsSpan().Fill(new WordPair(Valid, Changed));
        var crew = new Crew(TimeSpan.FromSeconds(60));
        bool done = false;
        ulong seenAgain = 0;
        crew.Run(("harvester", Harvest), ("sweeper", SweepAll));
        Report.Line($"{Sweeps} sweeps of {Pairs} pairs: every pair in every one, {seenAgain} times behind its lock");

        void Harvest()
        {
            for (uint pair = 0; !Volatile.Read(ref done); pair = (pair + 67) % Pairs)
            {
                ref ulong word = ref block[pair].First;
                HardwareOrdering.StoreRelease(ref word, Valid | Locked);
                HardwareOrdering.StoreRelease(ref word, Locked);
                HardwareOrdering.Pause();
                HardwareOrdering.StoreRelease(ref word, Valid | Locked);
                HardwareOrdering.StoreRelease(ref word, Valid);
            }
        }

        void SweepAll()
        {
            try
            {
                for (int sweep = 0; sweep < Sweeps; sweep++)
                {
                    var sink = new PrefixSink();
                    PairSweep.Sweep(block.View, Filter, ref sink);
                    Assert.True(sink.Prefix == Pairs, $"Sweep {sweep} has missed pair {sink.Prefix}.");
                    seenAgain += sink.LookAgain;
                }
            }
            finally
            {
                Volatile.Write(ref done, true);
            }
        }
    }

    // A writer sets one pair in every few, in order, and says how many; whatever he had said before a sweep began must be in it, and nothing
    // that he has not set can be. He takes his time, some dozens of milliseconds, so that many sweeps run beside him.
    private static void SetWhileSweeping(int pairs, int setEach, Func<NativeView<WordPair>, ulong> sweep)
    {
        using var block = new NativeBlock<WordPair>((nuint)pairs);
        using var shared = new NativeBlock<ulong>(64);
        var crew = new Crew(TimeSpan.FromSeconds(60));
        ulong all = (ulong)(pairs / setEach);
        ulong sweeps = 0;
        ulong overtaken = 0;
        crew.Run(("setter", SetAll), ("sweeper", SweepAll));
        Assert.True(overtaken > 0);
        Report.Line($"{sweeps} sweeps of {pairs} pairs, {overtaken} of them while pairs were being set: none was missed");

        void SetAll()
        {
            for (int rounds = 0; HardwareOrdering.LoadAcquire(in shared[0]) == 0;)
                crew.Idle(ref rounds, "the first sweep");
            for (ulong set = 0; set < all; set++)
            {
                ref WordPair pair = ref block[(nuint)set * (nuint)setEach];
                HardwareOrdering.StoreRelease(ref pair.Second, Changed);
                HardwareOrdering.StoreRelease(ref pair.First, Valid);
                HardwareOrdering.StoreRelease(ref shared[32], set + 1);
                Thread.SpinWait(30);
            }
        }

        void SweepAll()
        {
            ulong before;
            do
            {
                before = HardwareOrdering.LoadAcquire(in shared[32]);
                HardwareOrdering.StoreRelease(ref shared[0], ++sweeps);
                ulong found = sweep(block.View);
                ulong after = HardwareOrdering.LoadAcquire(in shared[32]);
                Assert.True(found >= before, $"Set were {before} pairs when the sweep began, found were {found}.");

                // He may have set one more pair than he has said.
                Assert.True(found <= after + 1, $"Set were {after} pairs when the sweep ended, found were {found}.");
                overtaken += after > before ? 1u : 0u;
            }
            while (before < all);
        }
    }

    // How many pairs from the first on were reported without a gap, in either class.
    private struct PrefixSink : IPairSink
    {
        public ulong Prefix { get; private set; }

        public ulong Candidates { get; private set; }

        public ulong LookAgain { get; private set; }

        void IPairSink.Accept(ulong firstPair, ulong candidates, ulong lookAgain)
        {
            if (firstPair == Prefix)
                Prefix += ulong.TrailingZeroCount(~(candidates | lookAgain));
            Candidates += ulong.PopCount(candidates);
            LookAgain += ulong.PopCount(lookAgain);
        }
    }
}
