using FsCheck;
using FsCheck.Fluent;
using RingKit.Memory;
using RingKit.Properties.Bitmaps;
using RingKit.Properties.Support;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.Sweeps;

/// <summary>All sweeps against a look at each pair. <see cref="EverySimdPath"/> runs this class once for each width of vector.</summary>
public sealed class PairSweepAgainstModel
{
    private static readonly PairFilter Some = new(0x8000_0000_0000_0001, 0x100, 0x4000, 0x0800_0000_0000_0002);

    [Fact]
    public void Every_length_and_every_tail()
    {
        var random = new Random(20111215);
        for (int length = 0; length <= 300; length++)
            CheckSpan(random, PairModel.Table(random, length, Some, density: 0.2), Some);
    }

    [Fact]
    public void One_pair_at_every_place()
    {
        var random = new Random(20111214);
        WordPair[] pairs = PairModel.Table(random, 200, Some, density: 0);
        for (int place = 0; place < pairs.Length; place++)
        {
            WordPair before = pairs[place];
            pairs[place] = new WordPair(Some.First, Some.Second);
            CheckSpan(random, pairs, Some);
            pairs[place] = new WordPair(Some.AgainFirst, Some.AgainSecond);
            CheckSpan(random, pairs, Some);
            pairs[place] = before;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.001)]
    [InlineData(0.03)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Every_density(double density)
    {
        var random = new Random(20120301);
        for (int round = 0; round < 10; round++)
            CheckSpan(random, PairModel.Table(random, 5000 + round, Some, density), Some);
    }

    [Fact]
    public void Every_alignment_of_the_words()
    {
        // Another party's table begins where it begins: at a word, not at a vector.
        var random = new Random(20191205);
        using var block = new NativeBlock<ulong>(600);
        for (int offset = 0; offset < 16; offset++)
        {
            WordPair[] pairs = PairModel.Table(random, 290, Some, density: 0.1);
            NativeView<WordPair> view = AsPairs(block.View.Slice((nuint)offset, 580));
            pairs.CopyTo(view.AsSpan());
            CheckView(random, view, Some);
            CheckSpan(random, view.AsSpan(), Some);
        }
    }

    [Fact]
    public void Random_tables_and_filters()
    {
        Gen<(int Seed, int Length, int Percent)> tables =
            from seed in Gen.Choose(0, int.MaxValue - 1)
            from length in Gen.Choose(0, 700)
            from percent in Gen.Elements(0, 1, 5, 50, 100)
            select (seed, length, percent);

        Props.Check(
            Prop.ForAll(Arb.From(tables), table =>
            {
                var random = new Random(table.Seed);
                PairFilter filter = PairModel.Filter(random, bits: random.Next(3) switch { 0 => uint.MaxValue, 1 => ~(ulong)uint.MaxValue, _ => ulong.MaxValue });
                CheckSpan(random, PairModel.Table(random, table.Length, filter, table.Percent / 100.0), filter);
            }),
            nameof(Random_tables_and_filters),
            maxTest: 500);
    }

    [Fact]
    public void Masks_of_0_want_nothing()
    {
        var random = new Random(20130101);
        foreach (PairFilter filter in (PairFilter[])[default, new(1, 0), new(0, 1), new(0, 0, 1, 0), new(1, 1, 0, 1), new(ulong.MaxValue, ulong.MaxValue)])
        {
            WordPair[] pairs = PairModel.Table(random, 333, filter, density: 0.3);
            CheckSpan(random, pairs, filter);
            if (filter.First == 0 && filter.Second == 0)
                Assert.Equal(new PairCounts(333, 0), PairSweep.Count(pairs, filter));
        }

        Assert.Equal(new PairCounts(0, 0), PairSweep.Count(new WordPair[100], new PairFilter(1, 1)));
    }

    [Fact]
    public void Tables_that_are_read_ahead_and_in_parts()
    {
        // From 4 MiB on sweeps ask for lines ahead, and beyond it the parallel ones use several threads. The last part is short, and its last group too.
        var random = new Random(20151001);
        foreach (int length in (int[])[(4 << 16) + 1, (17 << 16) + 12_345])
        {
            using var block = new NativeBlock<WordPair>((nuint)length);
            PairModel.Table(random, length, Some, density: 0.01).CopyTo(block.View.AsSpan());
            CheckView(random, block.View, Some);
        }
    }

    [Fact]
    public void Nothing_is_touched_beyond_either_end()
    {
        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        var random = new Random(20160229);
        for (int length = 1; length <= 200; length++)
        {
            foreach (bool againstEnd in new[] { false, true })
            {
                using var guarded = new GuardedWords(length * 2, againstEnd);
                NativeView<WordPair> view = AsPairs(guarded.View);
                PairModel.Table(random, length, Some, density: 0.1).CopyTo(view.AsSpan());
                CheckView(random, view, Some);
            }
        }
    }

    [Fact]
    public void Reading_ahead_touches_nothing_beyond_the_end()
    {
        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        var random = new Random(20160301);
        foreach (int length in (int[])[4 << 16, (5 << 16) - 7])
        {
            using var guarded = new GuardedWords(length * 2, againstEnd: true);
            NativeView<WordPair> view = AsPairs(guarded.View);
            PairModel.Table(random, length, Some, density: 0.001).CopyTo(view.AsSpan());
            CheckView(random, view, Some);
        }
    }

    private static unsafe NativeView<WordPair> AsPairs(NativeView<ulong> words) =>
        NativeView.DangerousCreate<WordPair>(words.DangerousPointer, words.Length / 2);

    private static void CheckSpan(Random random, ReadOnlySpan<WordPair> pairs, PairFilter filter)
    {
        ulong[] candidates = PairModel.Candidates(filter, pairs);
        ulong[] lookAgain = PairModel.ToLookAtAgain(filter, pairs);
        Assert.Equal(new PairCounts((ulong)candidates.Length, (ulong)lookAgain.Length), PairSweep.Count(pairs, filter));

        var sink = new PairLists([], []);
        PairSweep.Sweep(pairs, filter, ref sink);
        Assert.Equal(candidates, sink.Candidates);
        Assert.Equal(lookAgain, sink.LookAgain);

        ulong start = (ulong)random.Next(pairs.Length + 1);
        ulong[] destination = new ulong[random.Next(1, 100)];
        ulong cursor = start;
        List<ulong> found = [];
        while (true)
        {
            int count = PairSweep.Find(pairs, filter, destination, ref cursor);
            found.AddRange(destination.AsSpan(0, count));
            if (count < destination.Length)
                break;
            Assert.Equal(found[^1] + 1, Math.Min(cursor, found[^1] + 1));
        }

        Assert.Equal((ulong)pairs.Length, cursor);
        Assert.Equal(candidates.Concat(lookAgain).Where(index => index >= start).Order(), found);
    }

    private static void CheckView(Random random, NativeView<WordPair> view, PairFilter filter)
    {
        ulong[] candidates = PairModel.Candidates(filter, view.AsSpan());
        ulong[] lookAgain = PairModel.ToLookAtAgain(filter, view.AsSpan());
        var counts = new PairCounts((ulong)candidates.Length, (ulong)lookAgain.Length);
        Assert.Equal(counts, PairSweep.Count(view, filter));
        Assert.Equal(counts, PairSweep.CountParallel(view, filter));

        var sink = new PairLists([], []);
        PairSweep.Sweep(view, filter, ref sink);
        Assert.Equal(candidates, sink.Candidates);
        Assert.Equal(lookAgain, sink.LookAgain);

        var shared = new SharedPairLists();
        PairSweep.SweepParallel(view, filter, shared.Sink);
        Assert.Equal(candidates, shared.Candidates);
        Assert.Equal(lookAgain, shared.LookAgain);

        ulong[] destination = new ulong[random.Next(1, 1000)];
        List<ulong> found = [];
        for (ulong cursor = 0; cursor < view.Length;)
            found.AddRange(destination.AsSpan(0, PairSweep.Find(view, filter, destination, ref cursor)));
        Assert.Equal(candidates.Concat(lookAgain).Order(), found);
    }
}
