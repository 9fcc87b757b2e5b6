using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Sinks that fail at each run in turn, of words of every kind: the ways by which runs reach a sink must leave the same behind.</summary>
public sealed class RefusedRunsTests
{
    private const ulong OddPages = 0xaaaa_aaaa_aaaa_aaaa;

    // One page (which may be the word's last, and open a run), a few, a run from the first page on or up to the last one, all, and more runs than are delivered one by one.
    private static readonly Gen<ulong> Words = Gen.Frequency(
        (4, Gen.Constant(0UL)),
        (8, Gen.Choose(0, 63).Select(place => 1UL << place)),
        (2, Gen.Elements(1UL, 1UL << 63, 1UL | 1UL << 63)),
        (4, Gen.Choose(0, 63).Two().Select(places => 1UL << places.Item1 | 1UL << places.Item2)),
        (1, Gen.Choose(0, 63).Select(place => ulong.MaxValue << place)),
        (1, Gen.Choose(0, 63).Select(place => ulong.MaxValue >> place)),
        (1, Gen.Elements(ulong.MaxValue, OddPages, OddPages >> 1)));

    [Fact]
    public void A_run_is_delivered_or_dirty_again_wherever_the_sink_fails()
    {
        Gen<(ulong[] Words, int Cut)> cases =
            from count in Gen.Choose(1, 150)
            from words in Words.ArrayOf(count)
            from cut in Gen.Choose(0, 63)
            select (words, cut);
        Props.Check(Prop.ForAll(Arb.From(cases), one => CheckAll(one.Words, one.Cut)), nameof(RefusedRunsTests), maxTest: 60);
    }

    // Once for each run, and once without a failure.
    private static void CheckAll(ulong[] words, int cut)
    {
        using var block = new NativeBlock<ulong>((nuint)words.Length);
        ulong pages = ((ulong)words.Length * 64) - (ulong)cut;
        words[^1] &= ulong.MaxValue >> cut;
        using var bitmap = new DirtyBitmap(block.View, pages);
        Fill(block, words);
        List<(ulong First, ulong Count)> runs = BitmapModel.Runs(BitmapModel.Read(bitmap));
        for (int failAt = 0; failAt <= runs.Count; failAt++)
        {
            Fill(block, words);
            var taken = new List<(ulong First, ulong Value)>();
            var sink = new FailingSink(failAt, taken);
            ulong cursor = 0;
            if (failAt < runs.Count)
                Assert.Throws<IOException>(() => bitmap.HarvestRuns(ref sink, ref cursor, pages, ulong.MaxValue));
            else
                Assert.Equal((ulong)runs.Sum(run => (long)run.Count), bitmap.HarvestRuns(ref sink, ref cursor, pages, ulong.MaxValue));
            Assert.Equal(failAt < runs.Count ? runs[failAt].First : pages, cursor);
            Assert.Equal(runs.Take(failAt), taken);
            Assert.Equal(runs.Skip(failAt), Left(bitmap));
        }
    }

    private static void Fill(NativeBlock<ulong> block, ulong[] words) => words.CopyTo(block.View.AsSpan());

    private static List<(ulong First, ulong Count)> Left(DirtyBitmap bitmap)
    {
        var left = new List<(ulong First, ulong Count)>();
        var sink = new RunList(left);
        bitmap.HarvestRuns(ref sink);
        return left;
    }
}
