using RingKit.Bitmaps;
using RingKit.Bitmaps.Operations;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Arguments, padding, disposal and allocation of what works with other bitmaps.</summary>
public sealed class WordsContract
{
    [Fact]
    public void Parts_outside_and_spans_too_small_are_refused_by_name_and_change_nothing()
    {
        using var bitmap = new DirtyBitmap(200);
        bitmap.Mark(130);
        ulong[] words = [ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue];
        ulong[] before = [.. words];
        byte[] bytes = new byte[32];
        foreach ((ulong first, ulong count, string name) in new[]
        {
            (256ul, 0ul, "firstPage"), (201ul, 0ul, "firstPage"), (ulong.MaxValue - 63, 64ul, "firstPage"), (ulong.MaxValue, 1ul, "firstPage"),
            (200ul, 1ul, "count"), (192ul, 9ul, "count"), (5ul, 196ul, "count"), (64ul, ulong.MaxValue, "count"), (0ul, 201ul, "count"),
        })
        {
            Outside(name, () => bitmap.MarkFrom(words, first, count));
            Outside(name, () => bitmap.MarkFromKvm(bytes, first, count));
            Outside(name, () => bitmap.MarkFromWhp(words, first, count));
            Outside(name, () => bitmap.CopyTo(words, first, count));
            Outside(name, () => bitmap.CopyToKvm(bytes, first, count));
            Outside(name, () => bitmap.HarvestWords(words, first, count));
        }

        Refused("source", "4 words", () => bitmap.MarkFrom(words.AsSpan(0, 3)));
        Refused("source", "2 words", () => bitmap.MarkFrom([], 64, 65));
        Refused("source", "4 times 8", () => bitmap.MarkFromKvm(bytes.AsSpan(0, 31)));
        Refused("destination", "4 words", () => bitmap.CopyTo(words.AsSpan(0, 3)));
        Refused("destination", "2 words", () => bitmap.CopyTo(words.AsSpan(0, 1), 64, 65));
        Refused("destination", "4 times 8", () => bitmap.CopyToKvm(bytes.AsSpan(0, 31)));
        Refused("destination", "4 words", () => bitmap.HarvestWords(words.AsSpan(0, 3)));
        bytes[25] = 1;
        Refused("source", "200 bits", () => bitmap.MarkFromKvm(bytes));
        bytes[25] = 0;
        bytes[0] = 0x80;
        Refused("source", "7 bits", () => bitmap.MarkFromKvm(bytes, 64, 7));
        Assert.Equal(before, words);
        Assert.Equal([130ul], Taken(bitmap));

        // Nothing at all, at both ends.
        Assert.Equal(0ul, bitmap.MarkFrom([], 128, 0));
        Assert.Equal(0ul, bitmap.MarkFromKvm([], 0, 0));
        Assert.Equal(0ul, bitmap.MarkFromWhp([], 200, 0));
        Assert.Equal(0ul, bitmap.HarvestWords([], 200, 0));
        Assert.Equal(0, bitmap.CopyToKvm([], 191, 0));
        bitmap.CopyTo([], 0, 0);
    }

    [Fact]
    public void Parts_at_any_place_touch_no_word_outside()
    {
        // Two and a half words between pages that nobody may touch, at either end.
        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        foreach (bool againstEnd in new[] { false, true })
        {
            using var memory = new GuardedWords(3, againstEnd);
            using var bitmap = new DirtyBitmap(memory.View, 160);
            ulong[] words = new ulong[3];
            byte[] bytes = new byte[24];
            for (ulong first = 0; first <= 160; first++)
            {
                ulong count = 160 - first;
                words.AsSpan().Fill(ulong.MaxValue);
                Assert.Equal(count, bitmap.MarkFrom(words, first, count));
                bitmap.CopyTo(words, first, count);
                bitmap.CopyToKvm(bytes, first, count);
                Assert.Equal(0ul, bitmap.MarkFromWhp(words, first, count));
                Assert.Equal(0ul, bitmap.MarkFromKvm(bytes, first, count));
                ulong taken = 0;
                foreach (BitRun run in bitmap.TakeRuns(first, count / 2))
                    taken += run.Count;
                Assert.Equal(count, taken + bitmap.HarvestWords(words, first, count));
            }
        }
    }

    [Fact]
    public void All_pages_are_marked_and_no_bits_beyond()
    {
        using var block = new NativeBlock<ulong>(2);
        using var bitmap = new DirtyBitmap(block.View, 100);
        bitmap.Mark(3);
        bitmap.MarkAll();
        var runs = new List<(ulong, ulong)>();
        var sink = new RunList(runs);
        bitmap.HarvestRuns(ref sink);
        Assert.Equal([(0ul, 100ul)], runs);
        bitmap.MarkFrom([ulong.MaxValue, ulong.MaxValue]);
        Assert.Equal(ulong.MaxValue >> 28, block[1]);
        using var other = new DirtyBitmap<TestBeforeBarrier>(100);
        other.MarkAll();
        Assert.Equal(100ul, other.Count());
    }

    [Fact]
    public void A_disposed_bitmap_says_so()
    {
        var bitmap = new DirtyBitmap(100);
        bitmap.Dispose();
        foreach (Action call in new Action[]
        {
            bitmap.MarkAll, () => bitmap.MarkFrom(new ulong[2]), () => bitmap.MarkFrom([], 0, 0), () => bitmap.MarkFromKvm(new byte[16]),
            () => bitmap.MarkFromWhp([], 0, 0),
            () => bitmap.CopyTo(new ulong[2]), () => bitmap.CopyTo([], 0, 0), () => bitmap.CopyToKvm([], 0, 0), () => bitmap.HarvestWords(new ulong[2]),
            () => bitmap.HarvestWords([], 0, 0), () => bitmap.Save(Stream.Null), () => bitmap.Restore(Stream.Null),
        })
            Assert.Throws<ObjectDisposedException>(call);
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var bitmap = new DirtyBitmap(100_000);
        ulong[] words = new ulong[1563];
        byte[] bytes = new byte[1563 * 8];
        Assert.Equal(0, Allocated.By(() =>
        {
            bitmap.MarkAll();
            bitmap.CopyTo(words);
            bitmap.CopyToKvm(bytes);
            bitmap.MarkFrom(words);
            bitmap.MarkFromKvm(bytes);
            bitmap.MarkFromWhp(words, 0, bitmap.Pages);
            bitmap.HarvestWords(words, 17, 60_000);
            bitmap.HarvestWords(words);
        }));
    }

    [Fact]
    public void A_bitmap_of_2_to_the_33_pages_is_marked_and_harvested_at_its_ends()
    {
        // 1 GiB, of which the kernel gives the pages that are written, and reading ones share pages of zeros.
        const ulong Pages = (1UL << 33) + 100;
        ulong[] places = [0, (1UL << 31) - 1, 1UL << 31, (1UL << 32) - 1, 1UL << 32, (1UL << 33) - 1, 1UL << 33, Pages - 1];
        using var bitmap = new DirtyBitmap(Pages);
        foreach (ulong page in places)
            Assert.True(bitmap.TryMark(page));
        Assert.Equal(places, Taken(bitmap));

        bitmap.MarkRange(Pages - 300, 300);
        bitmap.MarkRectangle(5, 2, 3, 1UL << 32);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.MarkRange(Pages - 300, 301)).ParamName);
        Assert.Equal(1ul, bitmap.MarkFrom([0, 1UL << 7], (1UL << 33) - 1024, 128));
        ulong[] words = new ulong[2];
        bitmap.CopyTo(words, 1UL << 33, 100);
        Assert.Equal([ulong.MaxValue, (1UL << 36) - 1], words);
        var runs = new List<(ulong, ulong)>();
        var sink = new RunList(runs);
        ulong cursor = 1UL << 32;
        Assert.Equal(303ul, bitmap.HarvestRuns(ref sink, ref cursor, Pages, ulong.MaxValue));
        Assert.Equal([((1UL << 32) + 5, 2ul), ((1UL << 33) - 1024 + 71, 1), (Pages - 300, 300)], runs);
        Assert.Equal([5ul, 6ul], Taken(bitmap));

        using var bytes = DirtyBitmap.ForBytes(1UL << 45, Granule.Page);
        bytes.MarkBytes((1UL << 45) - 1, 1);
        Assert.Equal(1ul, bytes.ClearMask((1UL << 33) - 64, ulong.MaxValue) >> 63);
    }

    private static List<ulong> Taken(DirtyBitmap bitmap)
    {
        var pages = new List<ulong>();
        ulong[] buffer = new ulong[100];
        for (ulong cursor = 0; cursor < bitmap.Pages;)
            pages.AddRange(buffer.AsSpan(0, bitmap.HarvestIndices(buffer, ref cursor)));
        return pages;
    }

    private static void Outside(string name, Action call) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);

    private static void Refused(string name, string allowed, Action call)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(call);
        Assert.Equal(name, refused.ParamName);
        Assert.Contains(allowed, refused.Message, StringComparison.Ordinal);
    }
}
