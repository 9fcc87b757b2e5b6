using RingKit.Bitmaps;
using RingKit.Bitmaps.Phases;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Arguments, failing sinks, stray bits and disposal of partial harvests, clearing and two-phase harvests.</summary>
public sealed class PartsContract
{
    private static readonly ulong[] SomePages = [3, 4, 64, 200, 201, 255, 256, 333, 639];

    [Fact]
    public void Parts_outside_are_refused_by_name_and_take_nothing()
    {
        using var bitmap = new DirtyBitmap(100);
        using var take = new DirtyTake(bitmap);
        bitmap.MarkRange(0, 100);
        var masks = new MaskList([]);
        var runs = new RunList([]);
        Refused("first", () => bitmap.HarvestMasks(ref masks, 101, 0));
        Refused("count", () => bitmap.HarvestMasks(ref masks, 100, 1));
        Refused("first", () => bitmap.HarvestRuns(ref runs, ulong.MaxValue, 2));
        Refused("count", () => bitmap.HarvestRuns(ref runs, 50, ulong.MaxValue));
        Refused("first", () => bitmap.ClearRange(101, 0));
        Refused("count", () => bitmap.ClearRange(1, 100));
        Refused("firstPage", () => bitmap.ClearMask(128, 1));
        Refused("firstPage", () => bitmap.ClearMask(63, 1));
        Refused("firstPage", () => bitmap.ClearMask(ulong.MaxValue - 63, 1));
        foreach ((ulong from, ulong end, string name) in new[] { (0ul, 101ul, "end"), (51ul, 50ul, "cursor"), (101ul, 101ul, "end") })
        {
            ulong cursor = from;
            Refused(name, () => bitmap.HarvestMasks(ref masks, ref cursor, end, 5));
            Refused(name, () => bitmap.HarvestRuns(ref runs, ref cursor, end, 5));
            Refused(name, () => bitmap.HarvestIndices(new ulong[5], ref cursor, end));
            Refused(name, () => take.ReadMasks(ref masks, ref cursor, end, 5));
            Refused(name, () => take.ReadRuns(ref runs, ref cursor, end, 5));
            Assert.Equal(from, cursor);
        }

        ulong beyond = 101;
        Refused("cursor", () => take.ReadIndices(new ulong[1], ref beyond));
        Refused("first", () => take.Take(101, 0));
        Refused("count", () => take.Confirm(100, 1));
        Refused("count", () => take.PutBack(1, 100));
        Refused("firstPage", () => take.ConfirmMask(2, 1));
        Refused("page", () => take.IsHeld(100));
        Assert.Equal("bitmap", Assert.Throws<ArgumentNullException>(() => new DirtyTake(null!)).ParamName);
        Assert.Equal((100ul, 0ul), (bitmap.Count(), take.Count()));
    }

    [Fact]
    public void A_sink_that_throws_leaves_the_cursor_at_what_it_did_not_take()
    {
        for (int failAt = 0; failAt < SomePages.Length; failAt++)
        {
            Assert.Equal(SomePages, PagesOfTwoTries(failAt, (bitmap, sink, cursor) =>
            {
                bitmap.HarvestMasks(ref sink, ref cursor.Value, bitmap.Pages, 1000);
                return 0;
            }, isRuns: false));
            Assert.Equal(SomePages, PagesOfTwoTries(failAt, (bitmap, sink, cursor) =>
            {
                bitmap.HarvestRuns(ref sink, ref cursor.Value, bitmap.Pages, 1000);
                return 0;
            }, isRuns: true));
        }
    }

    [Fact]
    public void A_failed_transfer_of_what_was_taken_loses_nothing_and_merges_with_later_marks()
    {
        using var bitmap = Marked();
        using var take = new DirtyTake(bitmap);
        Assert.Equal((ulong)SomePages.Length, take.Take());
        Assert.Equal(0ul, bitmap.Count());
        Assert.All(SomePages, page => Assert.True(take.IsHeld(page)));
        for (int failAt = 0; failAt < 5; failAt++)
        {
            var sink = new FailingSink(failAt, []);
            Assert.Throws<IOException>(() => take.ReadMasks(ref sink));
            Assert.Throws<IOException>(() => take.ReadRuns(ref sink));
            Assert.Equal((ulong)SomePages.Length, take.Count());
        }

        bitmap.Mark(4);
        bitmap.Mark(5);
        Assert.Equal(0b11000ul, take.ConfirmMask(0, 0b111000));
        Assert.Equal(3ul, take.Confirm(200, 56));
        Assert.Equal(4ul, take.PutBack());
        Assert.Equal([4, 5, 64, 256, 333, 639], BitmapModel.Pages(BitmapModel.Read(bitmap)));
        Assert.Equal((0ul, 0ul), (take.Confirm(), take.PutBack()));
    }

    [Fact]
    public void A_second_take_joins_what_is_held_and_disposal_puts_all_back()
    {
        using var bitmap = Marked();
        using (var take = new DirtyTake(bitmap))
        {
            take.Take(0, 256);
            bitmap.Mark(3);
            bitmap.Mark(7);
            Assert.Equal(3ul, take.Take(3, 300));
            Assert.Equal(SomePages.Append(7ul).Where(page => page < 303).Order(), Held(take));
        }

        Assert.Equal(SomePages.Append(7ul).Order(), BitmapModel.Pages(BitmapModel.Read(bitmap)));
    }

    [Fact]
    public void Stray_bits_reach_no_sink_and_are_dropped_where_the_part_reaches_the_end()
    {
        using var block = new NativeBlock<ulong>(2);
        using var bitmap = new DirtyBitmap(block.View, 70);
        block[1] = ulong.MaxValue;
        ulong cursor = 0;
        ulong[] room = new ulong[4];
        Assert.Equal(4, bitmap.HarvestIndices(room, ref cursor, 70));
        Assert.Equal((68ul, 0ul), (cursor, bitmap.StrayBits));
        Assert.Equal(2, bitmap.HarvestIndices(room, ref cursor, 70));
        Assert.Equal((70ul, 58ul), (cursor, bitmap.StrayBits));

        block[1] = ulong.MaxValue;
        Assert.Equal(0x3ful, bitmap.ClearMask(64, ulong.MaxValue));
        Assert.Equal((0ul, 2 * 58ul), (block[1], bitmap.StrayBits));
        block[1] = ulong.MaxValue;
        using var take = new DirtyTake(bitmap);
        Assert.Equal(5ul, take.Take(0, 69));
        Assert.Equal(1ul, take.Take());
        Assert.Equal((6ul, 3 * 58ul), (take.Count(), bitmap.StrayBits));
    }

    [Fact]
    public void A_disposed_bitmap_or_take_says_so_on_every_path()
    {
        var bitmap = new DirtyBitmap(100);
        using var orphan = new DirtyTake(bitmap);
        var take = new DirtyTake(bitmap);
        bitmap.MarkRange(0, 50);
        orphan.Take(0, 20);
        take.Dispose();
        take.Dispose();
        var masks = new MaskList([]);
        var runs = new RunList([]);
        ulong cursor = 0;
        foreach (Action call in new Action[]
        {
            () => take.Take(), () => take.Take(0, 0), () => take.PutBack(), () => take.Confirm(), () => take.ConfirmMask(0, 1), () => take.Count(),
            () => take.IsHeld(0), () => take.ReadMasks(ref masks), () => take.ReadRuns(ref runs), () => take.ReadIndices(new ulong[1], ref cursor),
        })
            Assert.Throws<ObjectDisposedException>(call);
        Assert.Equal(30ul, bitmap.Count());

        bitmap.Dispose();
        foreach (Action call in new Action[]
        {
            () => orphan.Take(), () => orphan.PutBack(), () => bitmap.ClearMask(0, 1), () => bitmap.ClearRange(0, 0),
            () => bitmap.HarvestMasks(ref masks, 0, 0), () => bitmap.HarvestRuns(ref runs, 0, 0), () => bitmap.HarvestMasks(ref masks, ref cursor, 0, 0),
            () => bitmap.HarvestRuns(ref runs, ref cursor, 0, 0), () => bitmap.HarvestIndices([], ref cursor, 0),
        })
            Assert.Throws<ObjectDisposedException>(call);
        Assert.Equal(20ul, orphan.Count());
    }

    [Fact]
    public void A_sink_may_dispose_the_bitmap_and_throw()
    {
        foreach (bool isRuns in new[] { false, true })
        {
            var bitmap = Marked();
            ulong cursor = 0;
            var sink = new DisposingSink(bitmap);
            Assert.Throws<IOException>(() => isRuns
                ? bitmap.HarvestRuns(ref sink, ref cursor, bitmap.Pages, 100) : bitmap.HarvestMasks(ref sink, ref cursor, bitmap.Pages, 100));
            Assert.Equal(3ul, cursor);
        }
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var bitmap = new DirtyBitmap(100_000);
        using var take = new DirtyTake(bitmap);
        ulong[] room = new ulong[1000];
        Assert.Equal(0, Allocated.By(() => Work(bitmap, take, room)));
    }

    [Fact]
    public void Parts_touch_nothing_beyond_their_words()
    {
        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        for (int length = 1; length <= 70; length++)
        {
            using var guarded = new GuardedWords(length, againstEnd: true);
            ulong pages = ((ulong)length * 64) - (ulong)(length % 64);
            using var bitmap = new DirtyBitmap(guarded.View, pages);
            bitmap.MarkRange(0, pages);
            ulong cursor = pages / 3;
            Assert.Equal(1, bitmap.HarvestIndices(new ulong[1], ref cursor, pages));
            Assert.Equal(pages - 1, bitmap.ClearRange(0, pages));
            Assert.Equal(0ul, bitmap.ClearMask((pages - 1) / 64 * 64, ulong.MaxValue));
        }
    }

    private static DirtyBitmap Marked()
    {
        var bitmap = new DirtyBitmap(640);
        foreach (ulong page in SomePages)
            bitmap.Mark(page);
        return bitmap;
    }

    private static List<ulong> Held(DirtyTake take)
    {
        ulong cursor = 0;
        ulong[] room = new ulong[take.Pages];
        return [.. room[..take.ReadIndices(room, ref cursor)]];
    }

    private static void Refused(string parameter, Action call) =>
        Assert.Equal(parameter, Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);

    // A first try that fails there, and a second one from the same cursor on: together each page once.
    private static List<ulong> PagesOfTwoTries(int failAt, Func<DirtyBitmap, FailingSink, Cursor, int> harvest, bool isRuns)
    {
        using var bitmap = Marked();
        var taken = new List<(ulong First, ulong Value)>();
        var cursor = new Cursor();
        try
        {
            harvest(bitmap, new FailingSink(failAt, taken), cursor);
        }
        catch (IOException)
        {
            Assert.Equal(SomePages[SomePages.Length - (int)bitmap.Count()], cursor.Value);
        }

        if (bitmap.Count() != 0)
            harvest(bitmap, new FailingSink(failAt: int.MaxValue, taken), cursor);
        return [.. taken.SelectMany(one => isRuns
            ? Enumerable.Range((int)one.First, (int)one.Value).Select(page => (ulong)page)
            : Enumerable.Range(0, 64).Where(bit => (one.Value >> bit & 1) != 0).Select(bit => one.First + (ulong)bit))];
    }

    private static void Work(DirtyBitmap bitmap, DirtyTake take, ulong[] room)
    {
        var sink = new NullSink();
        bitmap.MarkRange(100, 50_000);
        take.Take();
        take.ReadMasks(ref sink);
        take.ReadRuns(ref sink);
        take.Confirm(0, 1000);
        take.PutBack();
        ulong cursor = 5;
        bitmap.HarvestMasks(ref sink, ref cursor, 20_000, 700);
        bitmap.HarvestRuns(ref sink, ref cursor, 20_000, 700);
        bitmap.HarvestIndices(room, ref cursor, 20_000);
        bitmap.ClearMask(640, 7);
        bitmap.ClearRange(0, bitmap.Pages);
    }

    private sealed class Cursor
    {
        public ulong Value;
    }

    private readonly struct NullSink : IDirtyMaskSink, IDirtyRunSink
    {
        public void Accept(ulong firstPage, ulong value)
        {
        }
    }

    private readonly struct DisposingSink(DirtyBitmap bitmap) : IDirtyMaskSink, IDirtyRunSink
    {
        public void Accept(ulong firstPage, ulong value)
        {
            bitmap.Dispose();
            throw new IOException("The transfer failed.");
        }
    }
}
