using RingKit.Bitmaps;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>The scan kernel. <see cref="EverySimdPath"/> runs this class once for each width of vector.</summary>
public sealed class NonZeroScanTests
{
    [Fact]
    public void Finds_the_first_word_from_every_start_in_every_length()
    {
        ulong[] words = new ulong[90];
        for (int length = 0; length <= words.Length; length++)
        {
            for (int place = 0; place <= length; place++)
            {
                Array.Clear(words);
                if (place < length)
                    words[place] = 1UL << place;
                for (int from = 0; from <= length; from++)
                {
                    nuint expected = (nuint)(place >= from ? place : length);
                    Assert.Equal(expected, NonZeroScan.Find(in words[0], (nuint)from, (nuint)length));
                }
            }
        }
    }

    [Fact]
    public void Stops_at_the_first_of_several_words()
    {
        var random = new Random(20191126);
        ulong[] words = new ulong[400];
        for (int round = 0; round < 2000; round++)
        {
            Array.Clear(words);
            for (int marks = random.Next(1, 6); marks > 0; marks--)
                words[random.Next(words.Length)] = 1UL << random.Next(64);
            int from = random.Next(words.Length);
            int expected = Array.FindIndex(words, from, word => word != 0);
            Assert.Equal((nuint)(expected < 0 ? words.Length : expected), NonZeroScan.Find(in words[0], (nuint)from, (nuint)words.Length));
        }
    }

    [Fact]
    public void Groups_name_every_word_that_is_not_zero_once_and_in_order()
    {
        var random = new Random(20200228);
        for (int round = 0; round < 2000; round++)
        {
            ulong[] words = new ulong[random.Next(1, 200)];
            for (int marks = random.Next(0, words.Length); marks > 0; marks--)
                words[random.Next(words.Length)] = 1UL << random.Next(64);
            int start = random.Next(words.Length);

            List<int> found = [];
            nuint from = (nuint)start;
            while (true)
            {
                nuint group = NonZeroScan.FindGroup(in words[0], ref from, (nuint)words.Length, out ulong nonZero);
                if (nonZero == 0)
                    break;
                for (; nonZero != 0; nonZero &= nonZero - 1)
                    found.Add((int)group + (int)ulong.TrailingZeroCount(nonZero));
            }

            Assert.Equal(Enumerable.Range(start, words.Length - start).Where(word => words[word] != 0), found);
        }
    }

    [Fact]
    public void Reads_nothing_beyond_either_end()
    {
        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        for (int length = 1; length <= 140; length++)
        {
            foreach (bool againstEnd in new[] { false, true })
            {
                using var guarded = new GuardedWords(length, againstEnd);
                for (int from = 0; from <= length; from++)
                    Assert.Equal((nuint)length, NonZeroScan.Find(in guarded.View[0], (nuint)from, (nuint)length));
            }
        }
    }

    [Fact]
    public void Bitmaps_touch_nothing_beyond_their_words()
    {
        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        for (int length = 1; length <= 70; length++)
        {
            using var guarded = new GuardedWords(length, againstEnd: true);
            ulong pages = ((ulong)length * 64) - (ulong)(length % 64);
            using var bitmap = new DirtyBitmap(guarded.View, pages);
            bitmap.MarkRange(0, pages);
            bitmap.Mark(pages - 1);
            Assert.Equal(pages, bitmap.Count());
            var runs = new List<(ulong First, ulong Count)>();
            var sink = new RunList(runs);
            bitmap.HarvestRuns(ref sink);
            Assert.Equal([(0ul, pages)], runs);
            bitmap.HarvestRuns(ref sink);
            ulong cursor = 0;
            Assert.Equal(0, bitmap.HarvestIndices(new ulong[4], ref cursor));
        }
    }
}
