using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Exclusion;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Exclusion;

/// <summary>Harvests that leave pages out, against an array of bools.</summary>
public sealed class ExclusionTests
{
    [Fact]
    public void Excluded_pages_reach_no_sink_and_are_clean()
    {
        Gen<(int Pages, int Words, int Seed)> cases =
            from pages in Gen.Choose(1, 400)
            from words in Gen.Choose(0, 8)
            from seed in Gen.Choose(0, int.MaxValue)
            select (pages, words, seed);
        Props.Check(
            Prop.ForAll(Arb.From(cases), one =>
            {
                var random = new Random(one.Seed);
                bool[] model = BitmapModel.Pattern(random, one.Pages, density: 0.5, runs: one.Seed % 2 == 0);
                bool[] excluded = BitmapModel.Pattern(random, one.Words * 64, density: 0.3, runs: one.Seed % 3 == 0);
                ulong[] words = new ulong[one.Words];
                foreach ((ulong firstPage, ulong mask) in BitmapModel.Masks(excluded))
                    words[firstPage / 64] = mask;

                using var bitmap = new DirtyBitmap((ulong)one.Pages);
                BitmapModel.Mark(bitmap, model);
                bool[] left = [.. model.Select((isDirty, page) => isDirty && !(page < excluded.Length && excluded[page]))];
                var masks = new List<(ulong, ulong)>();
                var maskSink = new MaskList(masks);
                var maskFilter = new ExcludingMaskSink<MaskList>(ref maskSink, words);
                bitmap.HarvestMasks(ref maskFilter);
                Assert.Equal(BitmapModel.Masks(left), masks);
                Assert.Equal(0ul, bitmap.Count());

                BitmapModel.Mark(bitmap, model);
                var runs = new List<(ulong, ulong)>();
                var runSink = new RunList(runs);
                var runFilter = new ExcludingRunSink<RunList>(ref runSink, words);
                bitmap.HarvestRuns(ref runFilter);
                Assert.Equal(BitmapModel.Runs(left), runs);
                Assert.Equal(0ul, bitmap.Count());
            }),
            "exclusion",
            maxTest: 500);
    }

    [Fact]
    public void What_a_sink_did_not_take_is_dirty_again()
    {
        using var bitmap = new DirtyBitmap(200);
        bitmap.MarkRange(10, 100);
        var taken = new List<(ulong First, ulong Value)>();
        var sink = new FailingSink(failAt: 1, taken);
        Assert.Throws<IOException>(() =>
        {
            var filter = new ExcludingRunSink<FailingSink>(ref sink, [1UL << 20]);
            bitmap.HarvestRuns(ref filter);
        });
        Assert.Equal([(10ul, 10ul)], taken);
        Assert.Equal(100ul, bitmap.Count());

        Assert.Throws<IOException>(() =>
        {
            var filter = new ExcludingMaskSink<FailingSink>(ref sink, [ulong.MaxValue]);
            bitmap.HarvestMasks(ref filter);
        });
        Assert.Equal(46ul, bitmap.Count());
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var bitmap = new DirtyBitmap(10_000);
        ulong[] excluded = [0x5555_5555, 7];
        Assert.Equal(0, Allocated.By(() =>
        {
            CountingSink sink = default;
            bitmap.MarkAll();
            var runs = new ExcludingRunSink<CountingSink>(ref sink, excluded);
            bitmap.HarvestRuns(ref runs);
            bitmap.MarkAll();
            var masks = new ExcludingMaskSink<CountingSink>(ref sink, excluded);
            bitmap.HarvestMasks(ref masks);
            Assert.True(sink.Calls > 1);
        }));
    }

    private struct CountingSink : IDirtyMaskSink, IDirtyRunSink
    {
        public ulong Calls { get; private set; }

        public void Accept(ulong firstPage, ulong value) => Calls++;
    }
}
