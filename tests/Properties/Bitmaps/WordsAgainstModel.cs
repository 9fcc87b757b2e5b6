using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Marks from other bitmaps, looks and harvests into them, against an array of bools.</summary>
public sealed class WordsAgainstModel
{
    [Fact]
    public void Parts_are_marked_from_and_copied_and_harvested_into_other_bitmaps()
    {
        // At the start of a word as often as within one.
        Gen<(int Pages, int First, int Count, int Seed)> parts =
            from pages in Gen.Choose(1, 700)
            from anywhere in Gen.Choose(0, pages)
            from isAtWord in Gen.Elements(false, true)
            let first = isAtWord ? anywhere / 64 * 64 : anywhere
            from count in Gen.Choose(0, pages - first)
            from seed in Gen.Choose(0, int.MaxValue)
            select (pages, first, count, seed);
        Props.Check(
            Prop.ForAll(Arb.From(parts), one =>
            {
                Check<AlwaysOr>(one.Pages, one.First, one.Count, new Random(one.Seed));
                Check<TestBehindFence>(one.Pages, one.First, one.Count, new Random(one.Seed));
            }),
            "parts of bitmaps and other bitmaps",
            maxTest: 500);
    }

    private static void Check<TMarking>(int pages, int first, int count, Random random)
        where TMarking : struct, IMarking
    {
        bool[] model = BitmapModel.Pattern(random, pages, density: 0.3, runs: random.Next(2) == 0);
        using var bitmap = new DirtyBitmap<TMarking>((ulong)pages);
        foreach (ulong page in BitmapModel.Pages(model))
            bitmap.Mark(page);

        // From words whose padding is to be ignored, then from bytes, then from words whose padding counts.
        for (int round = 0; round < 3; round++)
        {
            bool[] other = BitmapModel.Pattern(random, count, density: 0.3, runs: false);
            ulong[] source = ToWords(other, 0, count);
            ulong clean = (ulong)other.Where((isSet, i) => isSet && !model[first + i]).Count();
            if (round == 0)
            {
                if (count % 64 != 0)
                    source[^1] |= ulong.MaxValue << count;
                Assert.Equal(clean, bitmap.MarkFrom([.. source, ulong.MaxValue], (ulong)first, (ulong)count));
            }
            else if (round == 1)
            {
                Assert.Equal(clean, bitmap.MarkFromKvm(MemoryMarshal.AsBytes([.. source, ulong.MaxValue]), (ulong)first, (ulong)count));
            }
            else
            {
                Assert.Equal(clean, bitmap.MarkFromWhp([.. source, ulong.MaxValue], (ulong)first, (ulong)count));
            }

            for (int i = 0; i < count; i++)
                model[first + i] |= other[i];
        }

        ulong[] expected = [.. ToWords(model, first, count), 42];
        ulong[] copy = new ulong[expected.Length];
        copy[^1] = 42;
        bitmap.CopyTo(copy, (ulong)first, (ulong)count);
        Assert.Equal(expected, copy);
        byte[] bytes = new byte[(expected.Length * 8) - 8];
        Assert.Equal(bytes.Length, bitmap.CopyToKvm(bytes, (ulong)first, (ulong)count));
        Assert.True(MemoryMarshal.AsBytes(expected.AsSpan()[..^1]).SequenceEqual(bytes));

        HarvestParts<TMarking>(model, first, count);
        ulong[] taken = new ulong[(pages + 63) / 64];
        taken[0] = 1;
        Assert.Equal((ulong)model.Count(true), bitmap.HarvestWords(taken));
        Assert.Equal(0ul, bitmap.Count());
        model[0] = true;
        Assert.Equal(ToWords(model, 0, pages), taken);
    }

    private static void HarvestParts<TMarking>(bool[] model, int first, int count)
        where TMarking : struct, IMarking
    {
        using var bitmap = new DirtyBitmap<TMarking>((ulong)model.Length);
        foreach (ulong page in BitmapModel.Pages(model))
            bitmap.Mark(page);
        ulong[] gathered = [.. Enumerable.Repeat(1ul << 63, (count + 63) / 64), 42];
        Assert.Equal((ulong)model.AsSpan(first, count).Count(true), bitmap.HarvestWords(gathered, (ulong)first, (ulong)count));
        Assert.Equal([.. ToWords(model, first, count).Select(word => word | 1ul << 63), 42], gathered);
        bool[] rest = [.. model];
        rest.AsSpan(first, count).Clear();
        Assert.Equal(rest, Enumerable.Range(0, rest.Length).Select(page => bitmap.IsDirty((ulong)page)));
    }

    private static ulong[] ToWords(bool[] model, int first, int count)
    {
        ulong[] words = new ulong[(count + 63) / 64];
        for (int i = 0; i < count; i++)
            words[i / 64] |= (model[first + i] ? 1UL : 0) << i;
        return words;
    }
}
