using RingKit.Bitmaps;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Arguments, failing sinks, foreign memory, disposal, threads.</summary>
public sealed class DirtyBitmapContract
{
    [Theory]
    [InlineData(0)]
    [InlineData(DirtyBitmap.MaximumPages + 1)]
    public void A_bitmap_has_at_least_one_page_and_at_most_so_many(ulong pages) =>
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyBitmap(pages)).ParamName);

    [Fact]
    public void Pages_and_ranges_outside_are_refused_by_name_and_mark_nothing()
    {
        using var bitmap = new DirtyBitmap(100);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.Mark(100)).ParamName);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.TryMark(ulong.MaxValue)).ParamName);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.IsDirty(100)).ParamName);
        Assert.Equal("first", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.MarkRange(101, 0)).ParamName);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.MarkRange(50, 51)).ParamName);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.MarkRange(50, ulong.MaxValue)).ParamName);
        ulong cursor = 101;
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.HarvestIndices(new ulong[1], ref cursor)).ParamName);
        bitmap.MarkRange(100, 0);
        Assert.Equal(0ul, bitmap.Count());
    }

    [Fact]
    public void A_mask_that_the_sink_did_not_take_is_dirty_again()
    {
        for (int failAt = 0; failAt < 5; failAt++)
        {
            using var bitmap = new DirtyBitmap(640);
            foreach (ulong page in new ulong[] { 3, 4, 64, 200, 201, 333, 639 })
                bitmap.Mark(page);
            bool[] before = BitmapModel.Read(bitmap);
            var taken = new List<(ulong First, ulong Value)>();
            var sink = new FailingSink(failAt, taken);
            Assert.Throws<IOException>(() => bitmap.HarvestMasks(ref sink));
            Assert.Equal(BitmapModel.Masks(before).Skip(failAt), BitmapModel.Masks(BitmapModel.Read(bitmap)));
            Assert.Equal(BitmapModel.Masks(before).Take(failAt), taken);
        }
    }

    [Fact]
    public void A_run_that_the_sink_did_not_take_is_dirty_again()
    {
        for (int failAt = 0; failAt < 6; failAt++)
        {
            using var bitmap = new DirtyBitmap(640);
            foreach ((ulong first, ulong count) in new (ulong, ulong)[] { (3, 2), (7, 1), (60, 140), (202, 1), (300, 340 - 1), (639, 1) })
                bitmap.MarkRange(first, count);
            bitmap.Mark(9);
            bool[] before = BitmapModel.Read(bitmap);
            List<(ulong First, ulong Count)> runs = BitmapModel.Runs(before);
            var taken = new List<(ulong First, ulong Value)>();
            var sink = new FailingSink(failAt, taken);
            Assert.Throws<IOException>(() => bitmap.HarvestRuns(ref sink));
            Assert.Equal(runs.Skip(failAt), BitmapModel.Runs(BitmapModel.Read(bitmap)));
            Assert.Equal(runs.Take(failAt), taken);
        }
    }

    [Fact]
    public void Bits_beyond_the_last_page_of_foreign_memory_reach_no_sink_and_are_counted()
    {
        using var block = new NativeBlock<ulong>(2);
        using var bitmap = new DirtyBitmap(block.View, 70);
        block[1] = ulong.MaxValue;
        Assert.Equal(6ul, bitmap.Count());
        var masks = new List<(ulong FirstPage, ulong Mask)>();
        var sink = new MaskList(masks);
        bitmap.HarvestMasks(ref sink);
        Assert.Equal([(64ul, 0x3ful)], masks);
        Assert.Equal(58ul, bitmap.StrayBits);
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyBitmap(block.View, 129)).ParamName);
    }

    [Fact]
    public void A_snapshot_has_the_dirty_pages_and_leaves_them_dirty()
    {
        using var block = new NativeBlock<ulong>(2);
        using var bitmap = new DirtyBitmap(block.View, 70);
        bitmap.MarkRange(60, 8);
        block[1] |= 1UL << 10;
        ulong[] words = [9, 9, 9];
        bitmap.CopyTo(words);
        Assert.Equal([0xfUL << 60, 0xf, 9], words);
        byte[] bytes = new byte[17];
        Assert.Equal(16, bitmap.CopyToKvm(bytes));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0xf0, 0xf, 0, 0, 0, 0, 0, 0, 0, 0], bytes);
        using (var snapshot = bitmap.Snapshot())
            Assert.Equal([0xfUL << 60, 0xf], snapshot.Span.ToArray());
        Assert.Equal(8ul, bitmap.Count());

        Assert.Equal("destination", Assert.Throws<ArgumentException>(() => bitmap.CopyTo(new ulong[1])).ParamName);
        Assert.Equal("destination", Assert.Throws<ArgumentException>(() => bitmap.CopyToKvm(new byte[15])).ParamName);
    }

    [Fact]
    public void The_bit_order_is_that_of_kvm()
    {
        using var block = new NativeBlock<ulong>(2);
        using var bitmap = new DirtyBitmap(block.View, 128);
        bitmap.Mark(2);
        bitmap.Mark(5);
        bitmap.Mark(77);
        byte[] bytes = new byte[16];
        bytes[0] = 0x24;
        bytes[77 / 8] = 1 << (77 % 8);
        Assert.Equal(bytes, System.Runtime.InteropServices.MemoryMarshal.AsBytes(block.View.AsSpan()).ToArray());
    }

    [Fact]
    public void A_disposed_bitmap_says_so_on_every_path()
    {
        var bitmap = new DirtyBitmap(100);
        bitmap.Dispose();
        bitmap.Dispose();
        var masks = new MaskList([]);
        var runs = new RunList([]);
        ulong cursor = 0;
        Assert.Throws<ObjectDisposedException>(() => bitmap.Mark(0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.TryMark(0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.MarkRange(0, 1));
        Assert.Throws<ObjectDisposedException>(() => bitmap.MarkRange(0, 0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.IsDirty(0));
        Assert.Throws<ObjectDisposedException>(() => bitmap.Count());
        Assert.Throws<ObjectDisposedException>(() => bitmap.CopyTo(new ulong[2]));
        Assert.Throws<ObjectDisposedException>(() => bitmap.CopyToKvm(new byte[16]));
        Assert.Throws<ObjectDisposedException>(() => bitmap.Snapshot());
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestMasks(ref masks));
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestRuns(ref runs));
        Assert.Throws<ObjectDisposedException>(() => bitmap.HarvestIndices(new ulong[1], ref cursor));
    }

    [Fact]
    public void Concurrent_marks_and_harvests_lose_nothing_and_invent_nothing()
    {
        // Each thread marks pages of its own, each exactly once; every page must be harvested exactly once.
        const int Threads = 2;
        const ulong PagesEach = 200_000;
        using var bitmap = new DirtyBitmap(Threads * PagesEach);
        var workers = new Thread[Threads];
        for (int id = 0; id < Threads; id++)
        {
            ulong offset = (ulong)id;
            workers[id] = new Thread(() =>
            {
                for (ulong i = 0; i < PagesEach; i++)
                    bitmap.Mark((i * 77_773 % PagesEach * Threads) + offset);
            });
        }

        int[] seen = new int[Threads * PagesEach];
        var sink = new Tally(seen);
        foreach (Thread worker in workers)
            worker.Start();
        while (workers.Any(worker => worker.IsAlive))
            bitmap.HarvestMasks(ref sink);
        bitmap.HarvestMasks(ref sink);
        Assert.All(seen, times => Assert.Equal(1, times));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var bitmap = new DirtyBitmap(100_000);
        int[] tally = new int[100_000];
        ulong[] pages = new ulong[1000];
        Assert.Equal(0, Allocated.By(() => Work(bitmap, tally, pages)));
    }

    private static void Work(DirtyBitmap bitmap, int[] tally, ulong[] pages)
    {
        var sink = new Tally(tally);
        bitmap.MarkRange(100, 50_000);
        bitmap.HarvestMasks(ref sink);
        bitmap.MarkRange(100, 50_000);
        bitmap.HarvestRuns(ref sink);
        bitmap.MarkRange(100, 50_000);
        for (ulong cursor = 0; cursor < bitmap.Pages;)
            bitmap.HarvestIndices(pages, ref cursor);
    }

    private struct Tally(int[] seen) : IDirtyMaskSink, IDirtyRunSink
    {
        void IDirtyMaskSink.Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                seen[firstPage + (uint)System.Numerics.BitOperations.TrailingZeroCount(mask)]++;
        }

        readonly void IDirtyRunSink.Accept(ulong firstPage, ulong pageCount) => seen[firstPage]++;
    }
}
