using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>What every discipline of marking has to do.</summary>
public abstract partial class MarkingContract<TMarking>
    where TMarking : struct, IMarking
{
    [Fact]
    public void Marks_of_every_form_and_harvests_of_every_form_agree_with_bools()
    {
        Gen<(int Pages, (int Kind, int First, int Count)[] Steps)> scripts =
            from pages in Gen.Choose(1, 700)
            from steps in Gen.ArrayOf(
                from kind in Gen.Choose(0, 6)
                from first in Gen.Choose(0, pages - 1)
                from count in Gen.Choose(0, pages - first)
                select (kind, first, count))
            select (pages, steps);
        Props.Check(Prop.ForAll(Arb.From(scripts), script => Follow(script.Pages, script.Steps)), typeof(TMarking).Name, maxTest: 300);
    }

    [Fact]
    public void Rectangles_mark_their_rows_and_nothing_else()
    {
        Gen<(int Pages, int First, int Width, int Height, int Stride)> rectangles =
            from pages in Gen.Choose(1, 900)
            from width in Gen.Choose(0, Math.Min(pages, 150))
            from first in Gen.Choose(0, pages - width)
            from stride in Gen.Choose(0, 150)
            from height in Gen.Choose(0, stride == 0 ? 4 : 1 + ((pages - first - width) / stride))
            select (pages, first, width, height, stride);
        Props.Check(
            Prop.ForAll(Arb.From(rectangles), one =>
            {
                bool[] model = new bool[one.Pages];
                for (int row = 0; row < one.Height; row++)
                    Array.Fill(model, true, one.First + (row * one.Stride), one.Width);
                using var bitmap = new DirtyBitmap<TMarking>((ulong)one.Pages);
                bitmap.MarkRectangle((ulong)one.First, (ulong)one.Width, (ulong)one.Height, (ulong)one.Stride);
                Assert.Equal(model, Read(bitmap));
            }),
            "rectangles",
            maxTest: 500);
    }

    [Fact]
    public void Rectangles_outside_are_refused_by_name_and_mark_nothing()
    {
        using var bitmap = new DirtyBitmap<TMarking>(100);
        Assert.Equal("first", Refused(() => bitmap.MarkRectangle(101, 1, 1, 1)));
        Assert.Equal("width", Refused(() => bitmap.MarkRectangle(90, 11, 1, 1)));
        Assert.Equal("stride", Refused(() => bitmap.MarkRectangle(0, 10, 2, 91)));
        Assert.Equal("stride", Refused(() => bitmap.MarkRectangle(0, 10, 2, ulong.MaxValue)));
        Assert.Equal("height", Refused(() => bitmap.MarkRectangle(0, 10, 11, 10)));
        Assert.Equal("height", Refused(() => bitmap.MarkRectangle(0, 10, ulong.MaxValue, 3)));
        bitmap.MarkRectangle(0, 0, 7, 1000);
        bitmap.MarkRectangle(0, 7, 0, 1000);
        Assert.Equal(0ul, bitmap.Count());
        bitmap.MarkRectangle(0, 10, 1, ulong.MaxValue);
        bitmap.MarkRectangle(10, 9, 10, 9);
        Assert.Equal(100ul, bitmap.Count());
    }

    // Row by row the first of these would never end.
    [Fact]
    public void Rows_without_gaps_cost_their_words_however_many_they_are()
    {
        using var bitmap = new DirtyBitmap<TMarking>(1 << 22);
        bitmap.MarkRectangle(7, 3, ulong.MaxValue, 0);
        Assert.Equal([7ul, 8, 9], Take(bitmap));
        bitmap.MarkRectangle(1, 1 << 21, 1 << 21, 1);
        Assert.Equal((1ul << 22) - 1, bitmap.Count());
    }

    [Fact]
    public void Pages_and_ranges_outside_are_refused_by_name_and_mark_nothing()
    {
        using var bitmap = new DirtyBitmap<TMarking>(100);
        Assert.Equal("page", Refused(() => bitmap.Mark(100)));
        Assert.Equal("page", Refused(() => bitmap.TryMark(100)));
        Assert.Equal("first", Refused(() => bitmap.MarkRange(101, 0)));
        Assert.Equal("count", Refused(() => bitmap.TryMarkRange(50, 51)));
        Assert.Equal("address", Refused(() => bitmap.MarkBytes(101 * 4096, 1)));
        Assert.Equal("length", Refused(() => bitmap.MarkBytes(99 * 4096, 4097)));
        Assert.Equal("length", Refused(() => bitmap.MarkBytes(5, ulong.MaxValue)));
        Assert.Equal(0ul, bitmap.Count());
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(64u)]
    [InlineData(4096u)]
    [InlineData(1u << 21)]
    public void Bytes_are_marked_by_the_granules_that_they_touch(uint granule)
    {
        ulong g = granule;
        using var bitmap = new DirtyBitmap<TMarking>((99 * g) + 1, new Granule(granule));
        Assert.Equal(100ul, bitmap.Pages);
        bitmap.MarkBytes(10 * g, 0);
        Assert.Equal(0ul, bitmap.Count());
        bitmap.MarkBytes(10 * g, g);
        bitmap.MarkBytes((20 * g) - 1, 2);
        bitmap.MarkBytes(99 * g, 1);
        Assert.Equal([10ul, 19, 20, 99], Take(bitmap));
    }

    [Fact]
    public void What_a_sink_did_not_take_is_dirty_again_in_every_batch()
    {
        // Two and a half batches of words, and failures in each of them.
        const ulong Pages = 2560 * 64;
        foreach (int failAt in new[] { 0, 1, 1023, 1024, 1025, 2047, 2048, 2559 })
        {
            using var bitmap = new DirtyBitmap<TMarking>(Pages);
            bitmap.MarkRectangle(5, 2, 2560, 64);
            var taken = new List<(ulong, ulong)>();
            var sink = new FailingSink(failAt, taken);
            Assert.Throws<IOException>(() => bitmap.HarvestMasks(ref sink));
            Assert.Equal(failAt, taken.Count);
            Assert.Equal((2560ul - (ulong)failAt) * 2, bitmap.Count());

            bitmap.MarkRectangle(5, 2, 2560, 64);
            taken.Clear();
            Assert.Throws<IOException>(() => bitmap.HarvestRuns(ref sink));
            Assert.Equal(failAt, taken.Count);
            Assert.Equal((2560ul - (ulong)failAt) * 2, bitmap.Count());
            Assert.True(failAt == 0 || !bitmap.IsDirty(5));
            Assert.True(bitmap.IsDirty((64 * (ulong)failAt) + 5));
        }
    }

    [Fact]
    public void Runs_join_across_batches()
    {
        using var bitmap = new DirtyBitmap<TMarking>(3000 * 64);
        bitmap.MarkRange(7, 190_000);
        var runs = new List<(ulong, ulong)>();
        var sink = new RunList(runs);
        bitmap.HarvestRuns(ref sink);
        Assert.Equal([(7ul, 190_000ul)], runs);
        Assert.Equal(0ul, bitmap.Count());
    }

    [Fact]
    public void A_disposed_bitmap_says_so()
    {
        var bitmap = new DirtyBitmap<TMarking>(100);
        bitmap.Dispose();
        var masks = new MaskList([]);
        var runs = new RunList([]);
        ulong cursor = 0;
        Assert.Throws<ObjectDisposedException>(() => bitmap.Mark(0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.TryMark(0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.MarkRange(0, 0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.TryMarkRange(0, 1));
        Assert.Throws<ObjectDisposedException>(() => bitmap.MarkRectangle(0, 1, 1, 1));
        Assert.Throws<ObjectDisposedException>(() => bitmap.MarkBytes(0, 1));
        Assert.Throws<ObjectDisposedException>(() => bitmap.OpenMarkView());
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestMasks(ref masks));
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestRuns(ref runs));
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestIndices(new ulong[1], ref cursor));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var bitmap = new DirtyBitmap<TMarking>(100_000);
        Assert.Equal(0, Allocated.By(() =>
        {
            var sink = new Copy(default, default);
            bitmap.MarkRange(0, 99_000);
            bitmap.MarkRange(0, 99_000);
            bitmap.MarkRectangle(0, 3, 50, 200);
            bitmap.HarvestMasks(ref sink);
        }));
    }

    // A store buffer is what a real processor needs to lose a store behind a skipped mark: x64 has one.
    [Fact]
    public void Copies_hold_the_last_store_to_pages_that_stay_dirty()
    {
        const int Stores = 300_000;
        using var memory = new NativeBlock<ulong>(3 * 16);
        using var copy = new NativeBlock<ulong>(3 * 16);
        NativeView<ulong> words = memory.View;
        using var bitmap = new DirtyBitmap<TMarking>(3);
        var writer = new Thread(() =>
        {
            for (ulong i = 1; i <= Stores; i++)
            {
                HardwareOrdering.StoreRelaxed(ref words[(nuint)(i % 3 * 16)], i);
                bitmap.Mark(i % 3);
            }
        });
        var sink = new Copy(memory.View, copy.View);
        writer.Start();
        while (writer.IsAlive)
            bitmap.HarvestMasks(ref sink);
        bitmap.HarvestMasks(ref sink);
        Assert.Equal(memory.View.AsSpan(), copy.View.AsSpan());
        Assert.Equal((ulong)Stores, Math.Max(copy[0], Math.Max(copy[16], copy[32])));
    }

    private static void Follow(int pages, (int Kind, int First, int Count)[] steps)
    {
        using var bitmap = new DirtyBitmap<TMarking>((ulong)pages);
        bool[] model = new bool[pages];
        foreach ((int kind, int first, int count) in steps)
        {
            switch (kind)
            {
                case 0:
                    bitmap.Mark((ulong)first);
                    model[first] = true;
                    break;
                case 1:
                    Assert.Equal(!model[first], bitmap.TryMark((ulong)first));
                    model[first] = true;
                    break;
                case 2:
                    bitmap.MarkRange((ulong)first, (ulong)count);
                    Array.Fill(model, true, first, count);
                    break;
                case 3:
                    Assert.Equal((ulong)model.AsSpan(first, count).Count(false), bitmap.TryMarkRange((ulong)first, (ulong)count));
                    Array.Fill(model, true, first, count);
                    break;
                case 4:
                    Assert.Equal(BitmapModel.Pages(model), Take(bitmap));
                    Array.Clear(model);
                    break;
                case 5:
                    var masks = new List<(ulong, ulong)>();
                    var maskSink = new MaskList(masks);
                    bitmap.HarvestMasks(ref maskSink);
                    Assert.Equal(BitmapModel.Masks(model), masks);
                    Array.Clear(model);
                    break;
                default:
                    var runs = new List<(ulong, ulong)>();
                    var runSink = new RunList(runs);
                    bitmap.HarvestRuns(ref runSink);
                    Assert.Equal(BitmapModel.Runs(model), runs);
                    Array.Clear(model);
                    break;
            }
        }

        Assert.Equal(model, Read(bitmap));
    }

    private static string? Refused(Action call) => Assert.Throws<ArgumentOutOfRangeException>(call).ParamName;

    private static bool[] Read(DirtyBitmap<TMarking> bitmap) =>
        [.. Enumerable.Range(0, (int)bitmap.Pages).Select(page => bitmap.IsDirty((ulong)page))];

    private static List<ulong> Take(DirtyBitmap<TMarking> bitmap)
    {
        var pages = new List<ulong>();
        ulong[] buffer = new ulong[7];
        for (ulong cursor = 0; cursor < bitmap.Pages;)
            pages.AddRange(buffer.AsSpan(0, bitmap.HarvestIndices(buffer, ref cursor)));
        return pages;
    }

    private readonly struct Copy(NativeView<ulong> from, NativeView<ulong> to) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0 && from.Length != 0; mask &= mask - 1)
            {
                nuint word = 16 * ((nuint)firstPage + (uint)System.Numerics.BitOperations.TrailingZeroCount(mask));
                to[word] = HardwareOrdering.LoadRelaxed(ref from[word]);
            }
        }
    }
}
