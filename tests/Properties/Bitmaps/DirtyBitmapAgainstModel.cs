using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>The bitmap against an array of bools. <see cref="EverySimdPath"/> runs this class once for each width of vector.</summary>
public sealed class DirtyBitmapAgainstModel
{
    [Fact]
    public void Every_length_and_every_tail()
    {
        var random = new Random(20111215);
        for (int pages = 1; pages <= 2200; pages += pages < 700 ? 1 : 63)
            CheckHarvests(BitmapModel.Pattern(random, pages, density: 0.05, runs: pages % 2 == 0));
    }

    [Fact]
    public void Every_alignment_of_the_words()
    {
        // Words need not begin at a vector's boundary where the memory is another party's.
        var random = new Random(20191205);
        using var block = new NativeBlock<ulong>(256);
        for (int pages = 1; pages <= 40 * 64; pages += 61)
        {
            for (nuint offset = 0; offset < 16; offset++)
                CheckHarvests(BitmapModel.Pattern(random, pages, density: 0.03, runs: offset % 2 == 0), block.View.Slice(offset, 240));
        }
    }

    [Fact]
    public void One_page_at_every_place()
    {
        for (int page = 0; page < 2200; page++)
        {
            bool[] model = new bool[2200];
            model[page] = true;
            CheckHarvests(model);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.0005)]
    [InlineData(0.01)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Every_density(double density)
    {
        var random = new Random(20140811);
        for (int round = 0; round < 20; round++)
        {
            CheckHarvests(BitmapModel.Pattern(random, 20_000 + round, density, runs: false));
            CheckHarvests(BitmapModel.Pattern(random, 20_000 + round, density, runs: true));
        }
    }

    [Fact]
    public void Random_marks_ranges_and_harvests()
    {
        Gen<(int Pages, (int Kind, int First, int Count)[] Steps)> scripts =
            from pages in Gen.Choose(1, 700)
            from steps in Gen.ArrayOf(
                from kind in Gen.Choose(0, 5)
                from first in Gen.Choose(0, pages - 1)
                from count in Gen.Choose(0, pages - first)
                select (kind, first, count))
            select (pages, steps);

        Props.Check(Prop.ForAll(Arb.From(scripts), script => Follow(script.Pages, script.Steps)), nameof(Random_marks_ranges_and_harvests), maxTest: 500);
    }

    [Fact]
    public void Every_range_marks_its_pages_and_no_others()
    {
        const int Pages = 200;
        using var bitmap = new DirtyBitmap(Pages);
        var masks = new List<(ulong, ulong)>();
        var sink = new MaskList(masks);
        for (ulong first = 0; first <= Pages; first++)
        {
            for (ulong count = 0; count <= Pages - first; count++)
            {
                bool[] model = new bool[Pages];
                BitmapModel.MarkRange(model, first, count);
                bitmap.MarkRange(first, count);
                masks.Clear();
                bitmap.HarvestMasks(ref sink);
                Assert.Equal(BitmapModel.Masks(model), masks);
            }
        }
    }

    private static void Follow(int pages, (int Kind, int First, int Count)[] steps)
    {
        using var bitmap = new DirtyBitmap((ulong)pages);
        bool[] model = new bool[pages];
        ulong cursor = 0;
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
                    BitmapModel.MarkRange(model, (ulong)first, (ulong)count);
                    break;
                case 3:
                    // From the cursor on, as many pages as there is room for, in order; the rest stays.
                    ulong[] room = new ulong[count % 100];
                    ulong from = cursor;
                    int taken = bitmap.HarvestIndices(room, ref cursor);
                    ulong[] expected = [.. BitmapModel.Pages(model).Where(page => page >= from).Take(room.Length)];
                    Assert.Equal(expected, room.AsSpan(0, taken));
                    foreach (ulong page in expected)
                        model[page] = false;
                    if (taken < room.Length)
                        Assert.Equal((ulong)pages, cursor);
                    if (cursor == (ulong)pages)
                        cursor = 0;
                    break;
                case 4:
                    Assert.Equal(model[first], bitmap.IsDirty((ulong)first));
                    Assert.Equal((ulong)model.Count(dirty => dirty), bitmap.Count());
                    break;
                default:
                    var runs = new List<(ulong First, ulong Count)>();
                    var sink = new RunList(runs);
                    bitmap.HarvestRuns(ref sink);
                    Assert.Equal(BitmapModel.Runs(model), runs);
                    Array.Clear(model);
                    break;
            }
        }

        Assert.Equal(model, BitmapModel.Read(bitmap));
    }

    private static void CheckHarvests(bool[] model)
    {
        using var bitmap = new DirtyBitmap((ulong)model.Length);
        CheckHarvests(model, bitmap);
    }

    private static void CheckHarvests(bool[] model, NativeView<ulong> words)
    {
        using var bitmap = new DirtyBitmap(words, (ulong)model.Length);
        CheckHarvests(model, bitmap);
    }

    private static void CheckHarvests(bool[] model, DirtyBitmap bitmap)
    {
        BitmapModel.Mark(bitmap, model);
        Assert.Equal((ulong)model.Count(dirty => dirty), bitmap.Count());
        var masks = new List<(ulong FirstPage, ulong Mask)>();
        var maskSink = new MaskList(masks);
        bitmap.HarvestMasks(ref maskSink);
        Assert.Equal(BitmapModel.Masks(model), masks);
        Assert.Equal(0ul, bitmap.Count());

        BitmapModel.Mark(bitmap, model);
        var runs = new List<(ulong First, ulong Count)>();
        var runSink = new RunList(runs);
        bitmap.HarvestRuns(ref runSink);
        Assert.Equal(BitmapModel.Runs(model), runs);
        Assert.Equal(0ul, bitmap.Count());

        BitmapModel.Mark(bitmap, model);
        var pages = new List<ulong>();
        ulong[] buffer = new ulong[7];
        for (ulong cursor = 0; cursor < bitmap.Pages;)
            pages.AddRange(buffer.AsSpan(0, bitmap.HarvestIndices(buffer, ref cursor)));
        Assert.Equal(BitmapModel.Pages(model), pages);
        Assert.Equal(0ul, bitmap.Count());
    }
}
