using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>
/// Every tracker against an array of bools. <see cref="EverySimdPath"/> runs this class once for each width of vector.
/// </summary>
public sealed class TrackerConformance
{
    public static TheoryData<TrackerKind> Trackers => TrackersUnderTest.All;

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Random_marks_ranges_and_harvests(TrackerKind kind)
    {
        // Lengths on both sides of what one word, one word of summaries and one of their summaries stand for.
        Gen<(int Pages, (int Kind, int First, int Count)[] Steps)> scripts =
            from most in Gen.Elements(70, 700, 9000)
            from pages in Gen.Choose(1, most)
            from steps in Gen.ArrayOf(
                from step in Gen.Choose(0, 6)
                from first in Gen.Choose(0, pages - 1)
                from count in Gen.Choose(0, Math.Min(pages - first, 300))
                select (step, first, count))
            select (pages, steps);

        Props.Check(
            Prop.ForAll(Arb.From(scripts), script => Follow(kind, script.Pages, script.Steps)),
            $"{nameof(Random_marks_ranges_and_harvests)} of the {kind}",
            maxTest: 300);
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Every_density_in_every_form(TrackerKind kind)
    {
        var random = new Random(20140811);
        foreach (double density in (double[])[0, 0.0005, 0.01, 0.5, 1])
        {
            for (int round = 0; round < 4; round++)
            {
                foreach (bool runs in (bool[])[false, true])
                    CheckHarvests(kind, BitmapModel.Pattern(random, 20_000 + round, density, runs));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Every_length_and_every_tail(TrackerKind kind)
    {
        var random = new Random(20111215);
        for (int pages = 1; pages <= 1400; pages += pages < 200 ? 1 : 61)
            CheckHarvests(kind, BitmapModel.Pattern(random, pages, density: 0.05, runs: pages % 2 == 0));
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Every_range_marks_its_pages_and_no_others(TrackerKind kind)
    {
        const int Pages = 150;
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, Pages);
        for (ulong first = 0; first <= Pages; first++)
        {
            for (ulong count = 0; count <= Pages - first; count++)
            {
                bool[] model = new bool[Pages];
                BitmapModel.MarkRange(model, first, count);
                tracker.MarkRange(first, count);
                Assert.Equal(BitmapModel.Masks(model), HarvestMasks(kind, tracker));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void One_page_at_every_place_of_many(TrackerKind kind)
    {
        // 4 million and a few pages: the summaries have a second level.
        const ulong Pages = (1UL << 22) + 70;
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, Pages);
        for (ulong page = 0; page < Pages; page = page < 200 ? page + 1 : (page * 5 / 4) + 1)
        {
            tracker.Mark(page);
            tracker.Mark(Pages - 1);
            List<(ulong, ulong)> expected = [(page & ~63ul, 1UL << (int)page), ((Pages - 1) & ~63ul, 1UL << (int)((Pages - 1) & 63))];
            Assert.Equal(expected, HarvestMasks(kind, tracker));
            Assert.Empty(HarvestMasks(kind, tracker));
        }
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Pages_beyond_2_to_the_33(TrackerKind kind)
    {
        Assert.SkipUnless(kind != TrackerKind.ByteMap || LongRun.IsOn, "8 GiB of bytes are looked through; set RINGKIT_LONG=1");
        const ulong Pages = (1UL << 33) + 100;
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, Pages);
        ulong[] places = [0, (1UL << 31) - 1, 1UL << 31, 1UL << 32, (1UL << 33) - 1, Pages - 1];
        foreach (ulong page in places)
            Assert.True(tracker.TryMark(page));
        tracker.MarkRange(Pages - 2, 2);
        Assert.True(tracker.IsDirty(Pages - 2));
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => tracker.MarkRange(Pages - 2, 3)).ParamName);
        Assert.Equal(
            [.. places.SkipLast(1).Select(page => (page & ~63UL, 1UL << (int)page)), ((Pages - 1) & ~63UL, 3UL << (int)((Pages - 2) & 63))],
            HarvestMasks(kind, tracker));
    }

    private static void Follow(TrackerKind kind, int pages, (int Kind, int First, int Count)[] steps)
    {
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, (ulong)pages);
        bool[] model = new bool[pages];
        ulong cursor = 0;
        foreach ((int step, int first, int count) in steps)
        {
            switch (step)
            {
                case 0:
                    tracker.Mark((ulong)first);
                    model[first] = true;
                    break;
                case 1:
                    Assert.Equal(!model[first], tracker.TryMark((ulong)first));
                    model[first] = true;
                    break;
                case 2:
                    tracker.MarkRange((ulong)first, (ulong)count);
                    BitmapModel.MarkRange(model, (ulong)first, (ulong)count);
                    break;
                case 3:
                    TakeSome(kind, tracker, model, count % 100, ref cursor);
                    break;
                case 4:
                    Assert.Equal(model[first], tracker.IsDirty((ulong)first));
                    Assert.Equal((ulong)model.Count(dirty => dirty), tracker.Count());
                    break;
                case 5:
                    Assert.Equal(BitmapModel.Runs(model), HarvestRuns(kind, tracker));
                    Array.Clear(model);
                    break;
                default:
                    Refuse(tracker, model, failAt: count % 4, byRuns: first % 2 == 0);
                    break;
            }
        }

        Assert.Equal(model, TrackersUnderTest.Read(tracker));
        Assert.Equal(BitmapModel.Masks(model), HarvestMasks(kind, tracker));
    }

    // From the cursor on, as many pages as there is room for, in order; the rest stays. Without an order: any, each once.
    private static void TakeSome(TrackerKind kind, IDirtyTracker tracker, bool[] model, int most, ref ulong cursor)
    {
        ulong[] room = new ulong[most];
        ulong from = cursor;
        Span<ulong> taken = room.AsSpan(0, tracker.HarvestIndices(room, ref cursor));
        if (TrackersUnderTest.IsAscending(kind))
            Assert.Equal(BitmapModel.Pages(model).Where(page => page >= from).Take(room.Length), taken.ToArray());
        foreach (ulong page in taken)
        {
            Assert.True(model[page], $"page {page} is not dirty");
            model[page] = false;
        }

        if (taken.Length < room.Length)
            Assert.Equal((ulong)model.Length, cursor);
        if (cursor == (ulong)model.Length)
            cursor = 0;
    }

    private static void Refuse(IDirtyTracker tracker, bool[] model, int failAt, bool byRuns)
    {
        var taken = new List<(ulong First, ulong Value)>();
        var sink = new FailingSink(failAt, taken);
        try
        {
            if (byRuns)
                tracker.HarvestRuns(ref sink);
            else
                tracker.HarvestMasks(ref sink);
        }
        catch (IOException)
        {
        }

        foreach ((ulong first, ulong value) in taken)
        {
            for (int i = 0; i < (byRuns ? (int)value : 64); i++)
            {
                if (!byRuns && (value >> i & 1) == 0)
                    continue;
                Assert.True(model[first + (uint)i], $"page {first + (uint)i} is not dirty");
                model[first + (uint)i] = false;
            }
        }
    }

    private static void CheckHarvests(TrackerKind kind, bool[] model)
    {
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, (ulong)model.Length);
        TrackersUnderTest.Mark(tracker, model);
        Assert.Equal((ulong)model.Count(dirty => dirty), tracker.Count());
        Assert.Equal(BitmapModel.Masks(model), HarvestMasks(kind, tracker));
        Assert.Equal(0ul, tracker.Count());

        TrackersUnderTest.Mark(tracker, model);
        Assert.Equal(BitmapModel.Runs(model), HarvestRuns(kind, tracker));
        Assert.Equal(0ul, tracker.Count());

        TrackersUnderTest.Mark(tracker, model);
        var pages = new List<ulong>();
        ulong[] buffer = new ulong[7];
        for (ulong cursor = 0; cursor < tracker.Pages;)
            pages.AddRange(buffer.AsSpan(0, tracker.HarvestIndices(buffer, ref cursor)));
        if (!TrackersUnderTest.IsAscending(kind))
            pages.Sort();
        Assert.Equal(BitmapModel.Pages(model), pages);
        Assert.Equal(0ul, tracker.Count());
    }

    private static List<(ulong FirstPage, ulong Mask)> HarvestMasks(TrackerKind kind, IDirtyTracker tracker)
    {
        var masks = new List<(ulong FirstPage, ulong Mask)>();
        var sink = new MaskList(masks);
        tracker.HarvestMasks(ref sink);
        if (!TrackersUnderTest.IsAscending(kind))
            masks.Sort();
        return masks;
    }

    // Without an order, runs that the harvest could not join are joined here.
    private static List<(ulong First, ulong Count)> HarvestRuns(TrackerKind kind, IDirtyTracker tracker)
    {
        var runs = new List<(ulong First, ulong Count)>();
        var sink = new RunList(runs);
        tracker.HarvestRuns(ref sink);
        if (TrackersUnderTest.IsAscending(kind))
            return runs;

        bool[] pages = new bool[tracker.Pages];
        foreach ((ulong first, ulong count) in runs)
        {
            Assert.DoesNotContain(true, pages.AsSpan((int)first, (int)count).ToArray());
            BitmapModel.MarkRange(pages, first, count);
        }

        return BitmapModel.Runs(pages);
    }
}
