using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Harvests of parts, cursors, budgets and clearing under every discipline, and sinks that throw or dispose.</summary>
public abstract partial class MarkingContract<TMarking>
{
    // Four groups of words and a cut one.
    private const ulong ManyPages = (4 * 64 * 64) + 7;

    private delegate void Harvest(DirtyBitmap<TMarking> bitmap, ref FailingSink sink, ref ulong cursor);

    private static readonly (bool IsRuns, Harvest Call)[] Harvests =
    [
        (false, (DirtyBitmap<TMarking> bitmap, ref FailingSink sink, ref ulong _) => bitmap.HarvestMasks(ref sink)),
        (true, (DirtyBitmap<TMarking> bitmap, ref FailingSink sink, ref ulong _) => bitmap.HarvestRuns(ref sink)),
        (false, (DirtyBitmap<TMarking> bitmap, ref FailingSink sink, ref ulong _) => bitmap.HarvestMasks(ref sink, 0, bitmap.Pages)),
        (true, (DirtyBitmap<TMarking> bitmap, ref FailingSink sink, ref ulong _) => bitmap.HarvestRuns(ref sink, 0, bitmap.Pages)),
        (false, (DirtyBitmap<TMarking> bitmap, ref FailingSink sink, ref ulong cursor) =>
            bitmap.HarvestMasks(ref sink, ref cursor, bitmap.Pages, ulong.MaxValue)),
        (true, (DirtyBitmap<TMarking> bitmap, ref FailingSink sink, ref ulong cursor) =>
            bitmap.HarvestRuns(ref sink, ref cursor, bitmap.Pages, ulong.MaxValue)),
    ];

    [Fact]
    public void Parts_budgets_and_clearing_agree_with_bools()
    {
        Gen<(int Pages, (int Kind, int First, int End, int Most)[] Steps)> scripts =
            from pages in Gen.OneOf(Gen.Choose(1, 700), Gen.Choose(4000, 9000))
            from steps in Gen.ArrayOf(
                from kind in Gen.Choose(0, 9)
                from first in Gen.Choose(0, pages)
                from end in Gen.OneOf(Gen.Choose(first, pages), Gen.Constant(pages))
                from most in Gen.OneOf(Gen.Choose(0, 5), Gen.Choose(0, 200), Gen.Choose(0, 9000))
                select (kind, first, end, most))
            select (pages, steps);
        Props.Check(Prop.ForAll(Arb.From(scripts), script => FollowParts(script.Pages, script.Steps)), typeof(TMarking).Name, maxTest: 300);
    }

    [Fact]
    public void Parts_outside_are_refused_by_name_and_take_nothing()
    {
        using var bitmap = new DirtyBitmap<TMarking>(100);
        bitmap.MarkRange(0, 100);
        var masks = new MaskList([]);
        var runs = new RunList([]);
        ulong cursor = 51;
        Assert.Equal("first", Refused(() => bitmap.HarvestMasks(ref masks, 101, 0)));
        Assert.Equal("count", Refused(() => bitmap.HarvestRuns(ref runs, 50, ulong.MaxValue)));
        Assert.Equal("end", Refused(() => bitmap.HarvestMasks(ref masks, ref cursor, 101, 5)));
        Assert.Equal("cursor", Refused(() => bitmap.HarvestRuns(ref runs, ref cursor, 50, 5)));
        Assert.Equal("cursor", Refused(() => bitmap.HarvestIndices(new ulong[5], ref cursor, 50)));
        Assert.Equal("count", Refused(() => bitmap.ClearRange(1, 100)));
        Assert.Equal("firstPage", Refused(() => bitmap.ClearMask(63, 1)));
        Assert.Equal((51ul, 100ul), (cursor, bitmap.Count()));
    }

    [Fact]
    public void A_sink_that_throws_gives_back_what_it_did_not_take_and_no_more()
    {
        // Runs of one page: as many as fill several deliveries.
        foreach (int failAt in new[] { 0, 1, 31, 32, 470, 480, 511, 512, 2000 })
        {
            foreach ((bool isRuns, Harvest harvest) in Harvests)
            {
                using var bitmap = new DirtyBitmap<TMarking>(ManyPages);
                bitmap.MarkRectangle(1, 1, (ManyPages - 1) / 2, 2);
                ulong[] dirty = [.. Enumerable.Range(0, (int)(ManyPages - 1) / 2).Select(i => (2 * (ulong)i) + 1)];
                var taken = new List<(ulong First, ulong Value)>();
                var sink = new FailingSink(failAt, taken);
                ulong cursor = 0;
                int takenPages = isRuns ? failAt : failAt * 32;
                if (takenPages >= dirty.Length)
                    continue;
                Assert.Throws<IOException>(() => harvest(bitmap, ref sink, ref cursor));
                Assert.Equal(failAt, taken.Count);
                Assert.All(taken, one => Assert.Equal(isRuns ? 1 : 0xaaaa_aaaa_aaaa_aaaa, one.Value));
                Assert.True(cursor == 0 || cursor == dirty[takenPages], $"{cursor} instead of {dirty[takenPages]}");
                Assert.Equal(dirty[takenPages..], Take(bitmap));
            }
        }
    }

    [Fact]
    public void The_open_run_of_a_sink_that_throws_is_given_back_as_well()
    {
        // The first run is refused when the second one, of three groups, is open and partly taken.
        foreach ((bool isRuns, Harvest harvest) in Harvests)
        {
            using var bitmap = new DirtyBitmap<TMarking>(ManyPages);
            bitmap.Mark(3);
            bitmap.MarkRange(100, ManyPages - 200);
            var sink = new FailingSink(isRuns ? 0 : 1, []);
            ulong cursor = 0;
            Assert.Throws<IOException>(() => harvest(bitmap, ref sink, ref cursor));
            Assert.Equal(ManyPages - 200 + (isRuns ? 1ul : 0), bitmap.Count());
        }
    }

    // The sink's own error must come out, and not that of a bitmap that cannot take back.
    [Fact]
    public void A_sink_may_dispose_the_bitmap_and_throw()
    {
        foreach (bool throws in new[] { true, false })
        {
            for (int form = 0; form < 4; form++)
            {
                var bitmap = new DirtyBitmap<TMarking>(ManyPages);
                bitmap.MarkRectangle(1, 3, ManyPages / 5, 5);
                var sink = new DisposingSink(bitmap, throws);
                ulong cursor = 0;
                Action harvest = form switch
                {
                    0 => () => bitmap.HarvestMasks(ref sink),
                    1 => () => bitmap.HarvestRuns(ref sink),
                    2 => () => bitmap.HarvestMasks(ref sink, ref cursor, ManyPages, ulong.MaxValue),
                    _ => () => bitmap.HarvestRuns(ref sink, ref cursor, ManyPages, ulong.MaxValue),
                };
                if (throws)
                    Assert.Throws<IOException>(harvest);
                else
                    harvest();
                Assert.Throws<ObjectDisposedException>(() => bitmap.Mark(0));
            }
        }
    }

    // Behind the last dirty word of a group the scan goes on: not through memory that is gone.
    [Fact]
    public void A_sink_may_dispose_the_bitmap_at_the_last_word_of_a_group()
    {
        for (int form = 0; form < 2; form++)
        {
            var bitmap = new DirtyBitmap<TMarking>(ManyPages);
            bitmap.Mark(63 * 64);
            var sink = new DisposingSink(bitmap, throws: false);
            if (form == 0)
                bitmap.HarvestMasks(ref sink);
            else
                bitmap.HarvestRuns(ref sink);
            Assert.Throws<ObjectDisposedException>(() => bitmap.Mark(0));
        }
    }

    [Fact]
    public void Parts_of_a_disposed_bitmap_say_so()
    {
        var bitmap = new DirtyBitmap<TMarking>(100);
        bitmap.Dispose();
        var masks = new MaskList([]);
        var runs = new RunList([]);
        ulong cursor = 0;
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestMasks(ref masks, 0, 0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestRuns(ref runs, 0, 0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestMasks(ref masks, ref cursor, 0, 0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestRuns(ref runs, ref cursor, 0, 0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestIndices([], ref cursor, 0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.ClearMask(0, 1));
        Assert.Throws<ObjectDisposedException>(() => bitmap.ClearRange(0, 0));
    }

    private static void FollowParts(int pages, (int Kind, int First, int End, int Most)[] steps)
    {
        using var bitmap = new DirtyBitmap<TMarking>((ulong)pages);
        bool[] model = new bool[pages];
        foreach ((int kind, int first, int end, int most) in steps)
        {
            ulong cursor = (ulong)first;
            (ulong from, ulong count) = ((ulong)first, (ulong)(end - first));
            switch (kind)
            {
                case 0 or 1:
                    bitmap.MarkRange(from, Math.Min(count, 100));
                    Array.Fill(model, true, first, Math.Min(end - first, 100));
                    break;
                case 2:
                    bitmap.MarkRange(from, count);
                    Array.Fill(model, true, first, end - first);
                    break;
                case 3:
                    for (int page = first; page < end; page += 1 + (most % 7))
                    {
                        bitmap.Mark((ulong)page);
                        model[page] = true;
                    }

                    break;
                case 4:
                    bool[] chosen = TakeFrom(model, first, end, most);
                    var masks = new List<(ulong, ulong)>();
                    var maskSink = new MaskList(masks);
                    Assert.Equal((ulong)chosen.Count(isSet => isSet), bitmap.HarvestMasks(ref maskSink, ref cursor, (ulong)end, (ulong)most));
                    Assert.Equal(BitmapModel.Masks(chosen), masks);
                    Assert.True(cursor == (ulong)end || chosen.Count(isSet => isSet) == most);
                    break;
                case 5:
                    chosen = TakeFrom(model, first, end, most);
                    var runs = new List<(ulong, ulong)>();
                    var runSink = new RunList(runs);
                    Assert.Equal((ulong)chosen.Count(isSet => isSet), bitmap.HarvestRuns(ref runSink, ref cursor, (ulong)end, (ulong)most));
                    Assert.Equal(BitmapModel.Runs(chosen), runs);
                    break;
                case 6:
                    ulong[] room = new ulong[most];
                    chosen = TakeFrom(model, first, end, most);
                    int written = bitmap.HarvestIndices(room, ref cursor, (ulong)end);
                    Assert.Equal(BitmapModel.Pages(chosen), room[..written]);
                    break;
                case 7:
                    runs = [];
                    runSink = new RunList(runs);
                    bitmap.HarvestRuns(ref runSink, from, count);
                    Assert.Equal(BitmapModel.Runs(TakeFrom(model, first, end, int.MaxValue)), runs);
                    break;
                case 8:
                    Assert.Equal((ulong)TakeFrom(model, first, end, int.MaxValue).Count(isSet => isSet), bitmap.ClearRange(from, count));
                    break;
                default:
                    int word = Math.Min(first, pages - 1) / 64 * 64;
                    bool[] inWord = TakeFrom(model, word, Math.Min(word + 20, pages), int.MaxValue);
                    Assert.Equal((ulong)inWord.Count(isSet => isSet), ulong.PopCount(bitmap.ClearMask((ulong)word, 0xfffff)));
                    break;
            }

            Assert.Equal((ulong)model.Count(isSet => isSet), bitmap.Count());
        }

        Assert.Equal(model, Read(bitmap));
    }

    // The first pages of a part that are dirty, so many at most: out of the model.
    private static bool[] TakeFrom(bool[] model, int first, int end, int most)
    {
        bool[] taken = new bool[model.Length];
        for (int page = first; page < end && most > 0; page++)
        {
            if (!model[page])
                continue;
            (model[page], taken[page]) = (false, true);
            most--;
        }

        return taken;
    }

    private readonly struct DisposingSink(DirtyBitmap<TMarking> bitmap, bool throws) : IDirtyMaskSink, IDirtyRunSink
    {
        public void Accept(ulong firstPage, ulong value)
        {
            bitmap.Dispose();
            if (throws)
                throw new IOException("The transfer failed.");
        }
    }
}
