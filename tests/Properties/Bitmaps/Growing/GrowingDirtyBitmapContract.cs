using RingKit.Bitmaps;
using RingKit.Bitmaps.Growing;
using RingKit.Bitmaps.Phases;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Growing;

/// <summary>Arguments and threads; what all trackers do is in the suite of their contract.</summary>
public sealed class GrowingDirtyBitmapContract
{
    [Fact]
    public void Sizes_that_are_impossible_are_refused_by_name()
    {
        Outside("pages", () => new GrowingDirtyBitmap(0, 10).Dispose());
        Outside("pages", () => new GrowingDirtyBitmap(DirtyBitmap.MaximumPages + 1, ulong.MaxValue).Dispose());
        Outside("maximumPages", () => new GrowingDirtyBitmap(10, 9).Dispose());
        Outside("maximumPages", () => new GrowingDirtyBitmap(10, DirtyBitmap.MaximumPages + 1).Dispose());
        using var bitmap = new GrowingDirtyBitmap(10, 20);
        Outside("pages", () => bitmap.Grow(9));
        Outside("pages", () => bitmap.Grow(21));
        Outside("pages", () => bitmap.Grow(ulong.MaxValue));
        Outside("page", () => bitmap.Mark(10));
        Outside("count", () => bitmap.MarkRange(5, 6));
        Assert.Equal((10ul, 20ul, 0ul), (bitmap.Pages, bitmap.MaximumPages, bitmap.Whole.Count()));
        bitmap.Grow(10);
        bitmap.Grow(20);
        bitmap.MarkRange(10, 10);
        Outside("page", () => bitmap.Mark(20));
        Assert.Equal(10ul, bitmap.Count());
        bitmap.Dispose();
        Assert.Throws<ObjectDisposedException>(() => bitmap.Grow(20));
    }

    [Fact]
    public void A_round_of_indices_goes_on_in_the_new_pages()
    {
        using var bitmap = new GrowingDirtyBitmap(70, 1000);
        bitmap.Mark(69);
        ulong[] pages = new ulong[5];
        ulong cursor = 0;
        Assert.Equal(1, bitmap.HarvestIndices(pages, ref cursor));
        Assert.Equal(70ul, cursor);
        bitmap.Grow(1000);
        bitmap.Mark(70);
        bitmap.Mark(999);
        Assert.Equal(2, bitmap.HarvestIndices(pages, ref cursor));
        Assert.Equal([70ul, 999], pages[..2]);
        Assert.Equal(1000ul, cursor);
    }

    [Fact]
    public void What_is_marked_beyond_the_pages_waits_for_them()
    {
        using var bitmap = new GrowingDirtyBitmap(70, 1000);
        bitmap.Whole.MarkRange(68, 4);
        Assert.Equal(2ul, bitmap.Count());
        var runs = new List<(ulong, ulong)>();
        var sink = new RunList(runs);
        bitmap.HarvestRuns(ref sink);
        bitmap.Grow(71);
        bitmap.HarvestRuns(ref sink);
        using var take = new DirtyTake(bitmap.Whole);
        Assert.Equal(1ul, take.Take());
        Assert.Equal([(68ul, 2ul), (70, 1)], runs);
    }

    [Fact]
    public void Marks_in_pages_that_have_just_come_are_harvested_once()
    {
        const ulong Pages = 200_000;
        using var bitmap = new GrowingDirtyBitmap(1, Pages);
        var seen = new List<(ulong First, ulong Count)>();
        var sink = new RunList(seen);
        bool isDone = false;
        void Grow()
        {
            for (ulong pages = 1; pages <= Pages; pages += 7)
                bitmap.Grow(pages);
            bitmap.Grow(Pages);
        }

        void Mark()
        {
            for (ulong page = 0; page < Pages;)
            {
                if (page < bitmap.Pages)
                    Assert.True(bitmap.TryMark(page++));
            }

            Volatile.Write(ref isDone, true);
        }

        void Harvest()
        {
            while (!Volatile.Read(ref isDone))
                bitmap.HarvestRuns(ref sink);
        }

        new Crew(TimeSpan.FromSeconds(60)).Run(("grower", Grow), ("marker", Mark), ("harvester", Harvest));
        bitmap.HarvestRuns(ref sink);

        // Not in this order: a harvester that lost its core in mid-scan goes on behind what was marked meanwhile, and comes to that in its next pass.
        ulong next = 0;
        foreach ((ulong first, ulong count) in seen.OrderBy(run => run.First))
        {
            Assert.Equal(next, first);
            next = first + count;
        }

        Assert.Equal(Pages, next);
    }

    private static void Outside(string name, Action call) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);
}
