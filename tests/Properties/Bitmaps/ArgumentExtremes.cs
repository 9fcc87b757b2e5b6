using RingKit.Bitmaps;
using RingKit.Bitmaps.Clients;
using RingKit.Bitmaps.Phases;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>The largest numbers that arguments can be, numbers that wrap around together, and nothing at all: nothing is changed.</summary>
public sealed class ArgumentExtremes
{
    private const ulong Largest = ulong.MaxValue;

    [Fact]
    public void Ranges_that_wrap_around_are_refused_by_every_member_that_takes_one()
    {
        using var bitmap = new DirtyBitmap(100);
        using var take = new DirtyTake(bitmap);
        bitmap.MarkRange(0, 50);
        take.Take(0, 10);
        var clients = new DirtyClients(bitmap);
        var masks = new MaskList([]);
        var runs = new RunList([]);
        using (DirtyClient client = clients.Join("one"))
        {
            bitmap.MarkRange(0, 50);
            foreach ((ulong first, ulong count, string name) in new[]
            {
                (Largest, 1ul, "first"), (Largest, Largest, "first"), (101ul, Largest - 100, "first"), (1ul, Largest, "count"), (100ul, Largest - 99, "count"),
                (64ul, Largest - 63, "count"), (100ul, 1ul, "count"), (0ul, 101ul, "count"),
            })
            {
                foreach (Action call in new Action[]
                {
                    () => bitmap.MarkRange(first, count), () => bitmap.TryMarkRange(first, count), () => bitmap.ClearRange(first, count),
                    () => bitmap.HarvestMasks(ref masks, first, count), () => bitmap.HarvestRuns(ref runs, first, count),
                    () => take.Take(first, count), () => take.Confirm(first, count), () => take.PutBack(first, count), () => client.Collect(first, count),
                })
                    Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);
            }

            Assert.Equal((50ul, 10ul), (bitmap.Count(), take.Count()));
        }
    }

    [Fact]
    public void Cursors_and_ends_that_are_too_large_stay_where_they_are()
    {
        using var bitmap = new DirtyBitmap(100);
        using var take = new DirtyTake(bitmap);
        bitmap.Mark(99);
        var masks = new MaskList([]);
        ulong cursor = Largest;
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.HarvestIndices([], ref cursor)).ParamName);
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => take.ReadIndices([], ref cursor)).ParamName);
        Assert.Equal("end", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.HarvestIndices([], ref cursor, Largest)).ParamName);
        Assert.Equal("end", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.HarvestMasks(ref masks, ref cursor, Largest, 1)).ParamName);
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.HarvestMasks(ref masks, ref cursor, 100, 1)).ParamName);
        Assert.Equal(Largest, cursor);
        Assert.Equal("firstPage", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.ClearMask(Largest, Largest)).ParamName);
        Assert.Equal("firstPage", Assert.Throws<ArgumentOutOfRangeException>(() => take.ConfirmMask(Largest & ~63ul, 1)).ParamName);
        Assert.Equal(1ul, bitmap.Count());
    }

    [Fact]
    public void No_room_and_no_budget_take_nothing_and_move_no_cursor()
    {
        using var bitmap = new DirtyBitmap(100);
        bitmap.Mark(70);
        var masks = new MaskList([]);
        var runs = new RunList([]);
        foreach (ulong at in (ulong[])[0, 70, 99])
        {
            ulong cursor = at;
            Assert.Equal(0ul, bitmap.HarvestMasks(ref masks, ref cursor, 100, 0));
            Assert.Equal(0ul, bitmap.HarvestRuns(ref runs, ref cursor, 100, 0));
            Assert.Equal(0, bitmap.HarvestIndices([], ref cursor, 100));
            Assert.Equal(0, bitmap.HarvestIndices([], ref cursor));
            Assert.Equal(at, cursor);
        }

        ulong none = 64;
        Assert.Equal(0ul, bitmap.HarvestMasks(ref masks, ref none, 64, Largest));
        Assert.Equal((64ul, 1ul), (none, bitmap.Count()));
        Assert.Equal(0ul, bitmap.ClearMask(64, 0));
        Assert.Equal(0ul, bitmap.ClearRange(100, 0));
        Assert.Equal(1ul, bitmap.Count());
    }

    [Fact]
    public void Bytes_up_to_the_last_of_2_to_the_64()
    {
        var large = new Granule(Granule.MaximumBytes);
        Assert.Equal((Largest >> 21, 1ul), large.PagesOf(Largest, 1));
        Assert.Equal((0ul, 1ul << 43), large.PagesOf(0, Largest));
        Assert.Equal((Largest, 1ul), new Granule(1).PagesOf(Largest, 1));
        Assert.Equal("length", Assert.Throws<ArgumentOutOfRangeException>(() => large.PagesOf(Largest, 2)).ParamName);
        Assert.Equal("length", Assert.Throws<ArgumentOutOfRangeException>(() => large.PagesOf(2, Largest)).ParamName);
        Assert.Equal(1ul << 43, large.PagesFor(Largest));
        Assert.Equal(1, (int)default(Granule).Bytes);

        using DirtyBitmap bitmap = DirtyBitmap.ForBytes(100, new Granule(1));
        Assert.Equal("address", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.MarkBytes(Largest, 1)).ParamName);
        Assert.Equal("address", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.MarkBytes(101, 0)).ParamName);
        Assert.Equal("length", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.MarkBytes(99, Largest)).ParamName);
        bitmap.MarkBytes(100, 0);
        Assert.Equal(0ul, bitmap.Count());
    }

    [Fact]
    public void No_memory_holds_no_page()
    {
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyBitmap(default, 1)).ParamName);
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyBitmap<TestBehindFence>(default(NativeView<ulong>), 0)).ParamName);
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyBitmap<TestBehindFence>(0)).ParamName);
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyBitmap<TestBehindFence>(Largest)).ParamName);
        Assert.Equal("bytes", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyBitmap<TestBehindFence>(0, Granule.Page)).ParamName);
    }
}
