using FsCheck.Fluent;
using RingKit.Bitmaps.Operations;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>Count, any, all, equals. <see cref="EverySimdPath"/> runs this class once for each width of vector.</summary>
public sealed class BitmapCountTests
{
    [Fact]
    public void Whole_bitmaps_count_as_bools_do() =>
        Props.Check(
            Prop.ForAll(Arb.From(BitmapCase.Any), one =>
            {
                using var bitmap = new GuardedBitmap(one);
                Assert.Equal((ulong)bitmap.Model.Count(set => set), BitmapCount.Count(bitmap.Words, bitmap.Bits));
                Assert.Equal(bitmap.Model.Any(set => set), BitmapCount.Any(bitmap.Words, bitmap.Bits));
                Assert.Equal(bitmap.Model.All(set => set), BitmapCount.All(bitmap.Words, bitmap.Bits));

                bool[] words = GuardedBitmap.Read(bitmap.Words, bitmap.Words.Length * 64);
                Assert.Equal((ulong)words.Count(set => set), BitmapCount.Count(bitmap.Words));
            }),
            nameof(Whole_bitmaps_count_as_bools_do),
            maxTest: 500);

    [Fact]
    public void Ranges_count_as_bools_do() =>
        Props.Check(
            Prop.ForAll(Arb.From(BitmapCase.WithRange), one =>
            {
                using var bitmap = new GuardedBitmap(one.Case);
                bool[] range = bitmap.Model[one.First..(one.First + one.Count)];
                Assert.Equal((ulong)range.Count(set => set), BitmapCount.Count(bitmap.Words, (ulong)one.First, (ulong)one.Count));
                Assert.Equal(range.Any(set => set), BitmapCount.Any(bitmap.Words, (ulong)one.First, (ulong)one.Count));
                Assert.Equal(range.All(set => set), BitmapCount.All(bitmap.Words, (ulong)one.First, (ulong)one.Count));
            }),
            nameof(Ranges_count_as_bools_do),
            maxTest: 1000);

    [Fact]
    public void One_bit_makes_any_and_breaks_all_wherever_it_is()
    {
        const int Bits = 2100;
        ulong[] words = new ulong[33];
        for (int bit = 0; bit < Bits; bit++)
        {
            Array.Clear(words);
            words[bit / 64] = 1UL << bit;
            Assert.True(BitmapCount.Any(words, Bits));
            Assert.False(BitmapCount.Any(words, (ulong)bit));
            Assert.False(BitmapCount.Any(words, (ulong)bit + 1, (ulong)(Bits - bit - 1)));
            Array.Fill(words, ulong.MaxValue);
            words[bit / 64] = ~(1UL << bit);
            Assert.False(BitmapCount.All(words, Bits));
            Assert.True(BitmapCount.All(words, (ulong)bit));
            Assert.True(BitmapCount.All(words, (ulong)bit + 1, (ulong)(Bits - bit - 1)));
        }
    }

    [Fact]
    public void Bitmaps_are_equal_if_their_bits_are() =>
        Props.Check(
            Prop.ForAll(Arb.From(BitmapCase.WithRange), one =>
            {
                // The padding of the two differs.
                using var left = new GuardedBitmap(one.Case);
                using var right = new GuardedBitmap(one.Case with { SetPadding = !one.Case.SetPadding, AgainstEnd = !one.Case.AgainstEnd });
                Assert.True(BitmapCount.Equals(left.Words, right.Words, left.Bits));
                if (one.First < one.Case.Bits)
                {
                    right.Words[one.First / 64] ^= 1UL << one.First;
                    Assert.False(BitmapCount.Equals(left.Words, right.Words, left.Bits));
                    Assert.True(BitmapCount.Equals(left.Words, right.Words, (ulong)one.First));
                }
            }),
            nameof(Bitmaps_are_equal_if_their_bits_are),
            maxTest: 500);
}
