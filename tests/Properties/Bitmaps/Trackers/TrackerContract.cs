using RingKit.Bitmaps;
using RingKit.Bitmaps.Bytes;
using RingKit.Bitmaps.Listing;
using RingKit.Bitmaps.Summary;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>Arguments, sinks that dispose, foreign memory, disposal, allocation; of each tracker.</summary>
public sealed class TrackerContract
{
    public static TheoryData<TrackerKind> Trackers => TrackersUnderTest.All;

    [Theory]
    [MemberData(nameof(Trackers))]
    public void A_tracker_has_at_least_one_page_and_at_most_so_many(TrackerKind kind)
    {
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => TrackersUnderTest.Make(kind, 0)).ParamName);
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => TrackersUnderTest.Make(kind, (1UL << 52) + 1)).ParamName);
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => TrackersUnderTest.Make(kind, ulong.MaxValue)).ParamName);
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Pages_and_ranges_outside_are_refused_by_name_and_mark_nothing(TrackerKind kind)
    {
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, 100);
        Assert.Equal(100ul, tracker.Pages);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => tracker.Mark(100)).ParamName);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => tracker.TryMark(ulong.MaxValue)).ParamName);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => tracker.IsDirty(100)).ParamName);
        Assert.Equal("first", Assert.Throws<ArgumentOutOfRangeException>(() => tracker.MarkRange(101, 0)).ParamName);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => tracker.MarkRange(50, 51)).ParamName);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => tracker.MarkRange(50, ulong.MaxValue)).ParamName);
        ulong cursor = 101;
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => tracker.HarvestIndices(new ulong[1], ref cursor)).ParamName);
        tracker.MarkRange(100, 0);
        Assert.Equal(0ul, tracker.Count());
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void A_page_marked_between_harvests_is_in_the_next(TrackerKind kind)
    {
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, 1000);
        for (ulong page = 0; page < 1000; page += 37)
        {
            tracker.Mark(page);
            tracker.Mark(999 - page);
            tracker.Mark(page);
            var masks = new List<(ulong FirstPage, ulong Mask)>();
            var sink = new MaskList(masks);
            tracker.HarvestMasks(ref sink);
            Assert.Equal(page == 999 - page ? 1 : 2, masks.Sum(mask => (int)ulong.PopCount(mask.Mask)));
            Assert.False(tracker.IsDirty(page));
            Assert.True(tracker.TryMark(page));
            Assert.False(tracker.TryMark(page));
            tracker.HarvestMasks(ref sink);
        }
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void What_a_sink_marks_is_in_this_harvest_or_the_next_and_the_harvest_ends(TrackerKind kind)
    {
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, 1000);
        tracker.MarkRange(0, 1000);
        var sink = new RemarkingSink(tracker);
        tracker.HarvestMasks(ref sink);
        Assert.InRange(sink.Taken, 1000ul, 2000ul);
        Assert.Equal(1000ul, tracker.Count());
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void A_sink_that_throws_takes_nothing_from_the_next_harvest(TrackerKind kind)
    {
        for (int failAt = 0; failAt < 6; failAt++)
        {
            foreach (bool byRuns in (bool[])[false, true])
            {
                using IDirtyTracker tracker = TrackersUnderTest.Make(kind, 640);
                foreach ((ulong first, ulong count) in new (ulong, ulong)[] { (3, 2), (7, 1), (60, 140), (202, 1), (300, 300), (601, 1), (639, 1) })
                    tracker.MarkRange(first, count);
                bool[] before = TrackersUnderTest.Read(tracker);
                var taken = new List<(ulong First, ulong Value)>();
                var sink = new FailingSink(failAt, taken);
                if (byRuns)
                    Assert.Throws<IOException>(() => tracker.HarvestRuns(ref sink));
                else
                    Assert.Throws<IOException>(() => tracker.HarvestMasks(ref sink));

                ulong left = tracker.Count();
                var rest = new List<(ulong First, ulong Count)>();
                var all = new RunList(rest);
                tracker.HarvestRuns(ref all);
                Assert.Equal(left, (ulong)rest.Sum(run => (long)run.Count));
                ulong delivered = (ulong)taken.Sum(one => byRuns ? (long)one.Value : (long)ulong.PopCount(one.Value));
                Assert.Equal((ulong)before.Count(dirty => dirty), left + delivered);
                Assert.Equal(failAt, taken.Count);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void A_sink_may_dispose_the_tracker(TrackerKind kind)
    {
        foreach (bool throws in (bool[])[false, true])
        {
            IDirtyTracker tracker = TrackersUnderTest.Make(kind, 1000);
            tracker.MarkRange(0, 1000);
            var sink = new DisposingSink(tracker, throws);
            if (throws)
                Assert.Throws<IOException>(() => tracker.HarvestMasks(ref sink));
            else
                tracker.HarvestMasks(ref sink);
            Assert.Throws<ObjectDisposedException>(() => tracker.Mark(0));
        }
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void A_disposed_tracker_says_so_on_every_path(TrackerKind kind)
    {
        IDirtyTracker tracker = TrackersUnderTest.Make(kind, 100);
        tracker.Dispose();
        tracker.Dispose();
        var masks = new MaskList([]);
        var runs = new RunList([]);
        ulong cursor = 0;
        Assert.Throws<ObjectDisposedException>(() => tracker.Mark(0));
        Assert.Throws<ObjectDisposedException>(() => tracker.TryMark(0));
        Assert.Throws<ObjectDisposedException>(() => tracker.MarkRange(0, 1));
        Assert.Throws<ObjectDisposedException>(() => tracker.MarkRange(0, 0));
        Assert.Throws<ObjectDisposedException>(() => tracker.IsDirty(0));
        Assert.Throws<ObjectDisposedException>(() => tracker.Count());
        Assert.Throws<ObjectDisposedException>(() => tracker.HarvestMasks(ref masks));
        Assert.Throws<ObjectDisposedException>(() => tracker.HarvestRuns(ref runs));
        Assert.Throws<ObjectDisposedException>(() => tracker.HarvestIndices(new ulong[1], ref cursor));
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Nothing_is_allocated(TrackerKind kind)
    {
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, 100_000);
        ulong[] pages = new ulong[1000];
        Assert.Equal(0, Allocated.By(() => Work(tracker, pages)));
        Assert.Equal(0ul, tracker.Count());
    }

    [Fact]
    public void A_list_says_when_it_had_to_look_at_all_words()
    {
        using var list = new DirtyList(1000, capacity: 2);
        list.Mark(0);
        list.Mark(999);
        list.Mark(1);
        var sink = new MaskList([]);
        list.HarvestMasks(ref sink);
        Assert.Equal(0ul, list.Scans);
        list.MarkRange(0, 1000);
        list.HarvestMasks(ref sink);
        Assert.Equal(1ul, list.Scans);
        list.HarvestMasks(ref sink);
        Assert.Equal(1ul, list.Scans);
        Assert.Equal("capacity", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyList(10, capacity: 3)).ParamName);
    }

    [Fact]
    public void A_list_with_an_entry_for_each_word_never_overflows()
    {
        using var list = new DirtyList(640);
        var random = new Random(20190404);
        var sink = new MaskList([]);
        ulong[] few = new ulong[5];
        for (int round = 0; round < 5000; round++)
        {
            for (int marks = random.Next(20); marks > 0; marks--)
                list.MarkRange((ulong)random.Next(600), (ulong)random.Next(40));
            ulong cursor = 0;
            if (round % 3 == 0)
                list.HarvestMasks(ref sink);
            else
                list.HarvestIndices(few, ref cursor);
        }

        Assert.Equal(0ul, list.Scans);
    }

    [Theory]
    [InlineData(128)]
    [InlineData((1 << 22) + 5)]
    public void A_summary_bitmap_finds_the_bits_that_its_memory_had(int pages)
    {
        using var block = new NativeBlock<ulong>((nuint)(pages + 63) / 64);
        block[1] = 6;
        block[block.Length - 1] |= ulong.MaxValue;
        using var bitmap = new SummaryBitmap(block.View, (ulong)pages);
        Assert.Equal(pages > 1 << 22 ? 2 : 1, bitmap.SummaryCount);
        var masks = new List<(ulong FirstPage, ulong Mask)>();
        var sink = new MaskList(masks);
        bitmap.HarvestMasks(ref sink);
        Assert.Equal(pages == 128 ? [(64ul, ulong.MaxValue)] : [(64ul, 6ul), (1ul << 22, 31ul)], masks);
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => new SummaryBitmap(block.View, (ulong)block.Length * 64 + 1)).ParamName);
    }

    [Fact]
    public unsafe void A_byte_map_over_foreign_bytes_counts_whatever_is_not_zero()
    {
        using var block = new NativeBlock<byte>(100);
        block[7] = 0x80;
        block[99] = 0xff;
        using var map = new DirtyByteMap(block.View, 99);
        map.DangerousBytes[3] = 1;
        var masks = new List<(ulong FirstPage, ulong Mask)>();
        var sink = new MaskList(masks);
        map.HarvestMasks(ref sink);
        Assert.Equal([(0ul, 0x88ul)], masks);
        Assert.Equal(0xff, block[99]);
        Assert.Equal("pages", Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyByteMap(block.View, 101)).ParamName);
        Assert.Equal("bytes", Assert.Throws<ArgumentException>(() => new DirtyByteMap(block.View.Slice(1, 90), 90)).ParamName);
    }

    private static void Work(IDirtyTracker tracker, ulong[] pages)
    {
        var sink = default(CountingSink);
        tracker.MarkRange(100, 50_000);
        tracker.HarvestMasks(ref sink);
        tracker.MarkRange(100, 50_000);
        tracker.HarvestRuns(ref sink);
        tracker.MarkRange(100, 50_000);
        for (ulong cursor = 0; cursor < tracker.Pages;)
            tracker.HarvestIndices(pages, ref cursor);
    }

    private struct CountingSink : IDirtyMaskSink, IDirtyRunSink
    {
        public ulong Pages { get; private set; }

        void IDirtyMaskSink.Accept(ulong firstPage, ulong mask) => Pages += ulong.PopCount(mask);

        void IDirtyRunSink.Accept(ulong firstPage, ulong pageCount) => Pages += pageCount;
    }

    private struct RemarkingSink(IDirtyTracker tracker) : IDirtyMaskSink
    {
        public ulong Taken { get; private set; }

        public void Accept(ulong firstPage, ulong mask)
        {
            Taken += ulong.PopCount(mask);
            for (; mask != 0; mask &= mask - 1)
                tracker.Mark(firstPage + (uint)System.Numerics.BitOperations.TrailingZeroCount(mask));
        }
    }

    private readonly struct DisposingSink(IDirtyTracker tracker, bool throws) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            tracker.Dispose();
            if (throws)
                throw new IOException("The transfer failed.");
        }
    }
}
