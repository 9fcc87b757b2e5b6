using CommunityToolkit.HighPerformance.Buffers;
using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps.Operations;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>Copies of bit ranges. <see cref="EverySimdPath"/> runs this class once for each width of vector.</summary>
public sealed class BitmapCopyTests
{
    [Fact]
    public void Every_alignment_to_every_other()
    {
        var random = new Random(20200317);
        foreach (int count in new[] { 0, 1, 63, 64, 65, 127, 128, 129, 700, 1500 })
        {
            for (int from = 0; from < 64; from++)
            {
                for (int to = 0; to < 64; to++)
                    CheckCopy(random, count, from, to);
            }
        }
    }

    [Fact]
    public void Ranges_of_other_bitmaps() =>
        Props.Check(
            Prop.ForAll(Arb.From(Gen.Zip(BitmapCase.WithRange, BitmapCase.WithRange)), pair =>
            {
                (BitmapCase sourceCase, int from, int most) = pair.Item1;
                (BitmapCase destinationCase, int to, int mostThere) = pair.Item2;
                int count = Math.Min(most, mostThere);
                using var source = new GuardedBitmap(sourceCase);
                using var destination = new GuardedBitmap(destinationCase);
                ulong padding = destination.Words.IsEmpty ? 0 : destination.Words[^1] & ~(ulong.MaxValue >> (-destinationCase.Bits & 63));
                BitmapCopy.Copy(source.Words, (ulong)from, destination.Words, (ulong)to, (ulong)count);

                Array.Copy(source.Model, from, destination.Model, to, count);
                Assert.Equal(destination.Model, destination.Read());
                Assert.Equal(source.Model, source.Read());
                if (!destination.Words.IsEmpty)
                    Assert.Equal(padding, destination.Words[^1] & ~(ulong.MaxValue >> (-destinationCase.Bits & 63)));

                using MemoryOwner<ulong> pooled = PooledBitmap.Copy(source.Words, (ulong)from, (ulong)count);
                Assert.Equal((count + 63) / 64, pooled.Length);
                Assert.Equal(source.Model[from..(from + count)], GuardedBitmap.Read(pooled.Span, count));
                Assert.True(GuardedBitmap.PaddingIsZero(pooled.Span, count));
            }),
            nameof(Ranges_of_other_bitmaps),
            maxTest: 1000);

    [Fact]
    public void Ranges_that_overlap_end_up_as_the_source_was()
    {
        Gen<(BitmapCase Case, int From, int To, int Count)> moves =
            from place in BitmapCase.WithRange
            from to in Gen.OneOf(Gen.Choose(0, place.Case.Bits - place.Count), Gen.Choose(place.First - 200, place.First + 200))
            select (place.Case, place.First, Math.Clamp(to, 0, place.Case.Bits - place.Count), place.Count);
        Props.Check(
            Prop.ForAll(Arb.From(moves), move =>
            {
                using var bitmap = new GuardedBitmap(move.Case);
                BitmapCopy.Copy(bitmap.Words, (ulong)move.From, bitmap.Words, (ulong)move.To, (ulong)move.Count);
                Array.Copy(bitmap.Model, move.From, bitmap.Model, move.To, move.Count);
                Assert.Equal(bitmap.Model, bitmap.Read());
            }),
            nameof(Ranges_that_overlap_end_up_as_the_source_was),
            maxTest: 2000);
    }

    [Fact]
    public void Spans_that_overlap_are_one_bitmap_too()
    {
        var random = new Random(20200318);
        for (int apart = -20; apart <= 20; apart++)
        {
            for (int bits = -70; bits <= 70; bits += 7)
            {
                ulong[] words = new ulong[80];
                random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words.AsSpan()));
                bool[] model = GuardedBitmap.Read(words, words.Length * 64);
                int from = 100, to = 100 + bits, count = 30 * 64;
                BitmapCopy.Copy(words.AsSpan(20), (ulong)from, words.AsSpan(20 + apart), (ulong)to, (ulong)count);
                Array.Copy(model, (20 * 64) + from, model, ((20 + apart) * 64) + to, count);
                Assert.Equal(model, GuardedBitmap.Read(words, model.Length));
            }
        }
    }

    private static void CheckCopy(Random random, int count, int from, int to)
    {
        ulong[] source = new ulong[(from + count + 63) / 64], destination = new ulong[(to + count + 63) / 64];
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(source.AsSpan()));
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(destination.AsSpan()));
        bool[] model = GuardedBitmap.Read(destination, destination.Length * 64);
        Array.Copy(GuardedBitmap.Read(source, source.Length * 64), from, model, to, count);
        BitmapCopy.Copy(source, (ulong)from, destination, (ulong)to, (ulong)count);
        if (!model.AsSpan().SequenceEqual(GuardedBitmap.Read(destination, model.Length)))
            Assert.Fail($"{count} bits from {from} to {to} are wrong");
    }
}
