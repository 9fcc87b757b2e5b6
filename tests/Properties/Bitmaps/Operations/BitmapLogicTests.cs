using CommunityToolkit.HighPerformance.Buffers;
using FsCheck.Fluent;
using RingKit.Bitmaps.Operations;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>And, or, xor, and-not, not. <see cref="EverySimdPath"/> runs this class once for each width of vector.</summary>
public sealed class BitmapLogicTests
{
    private delegate void InPlace(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits);

    private delegate void Into(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits);

    private delegate MemoryOwner<ulong> Pooled(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ulong bits);

    private static readonly (Func<bool, bool, bool> Model, InPlace InPlace, Into Into, Pooled Pooled)[] Operations =
    [
        ((l, r) => l && r, BitmapLogic.And, BitmapLogic.And, PooledBitmap.And),
        ((l, r) => l || r, BitmapLogic.Or, BitmapLogic.Or, PooledBitmap.Or),
        ((l, r) => l != r, BitmapLogic.Xor, BitmapLogic.Xor, PooledBitmap.Xor),
        ((l, r) => l && !r, BitmapLogic.AndNot, BitmapLogic.AndNot, PooledBitmap.AndNot),
        ((l, _) => !l, (b, _, n) => BitmapLogic.Not(b, n), (l, _, d, n) => BitmapLogic.Not(l, d, n), (l, _, n) => PooledBitmap.Not(l, n)),
    ];

    [Fact]
    public void Each_operation_is_what_it_is_on_bools() =>
        Props.Check(
            Prop.ForAll(Arb.From(BitmapCase.Pairs), pair =>
            {
                foreach ((Func<bool, bool, bool> model, InPlace inPlace, Into into, Pooled pooled) in Operations)
                    Check(pair.Left, pair.Right, model, inPlace, into, pooled);
            }),
            nameof(Each_operation_is_what_it_is_on_bools),
            maxTest: 400);

    [Fact]
    public void Words_behind_the_bitmap_stay_as_they_are()
    {
        ulong[] left = [1, 2, 3, 4], right = [5, 6, 7, 8], destination = [9, 9, 9, 9];
        BitmapLogic.Or(left, right, destination, 100);
        Assert.Equal([5, 6, 9, 9], destination);
        BitmapLogic.Not(left, 65);
        Assert.Equal([~1UL, 1, 3, 4], left);
        BitmapLogic.Not(left, 0);
        Assert.Equal([~1UL, 1, 3, 4], left);
    }

    private static void Check(BitmapCase leftCase, BitmapCase rightCase, Func<bool, bool, bool> model, InPlace inPlace, Into into, Pooled pooled)
    {
        using var left = new GuardedBitmap(leftCase);
        using var right = new GuardedBitmap(rightCase);
        using var destination = new GuardedBitmap(leftCase with { Seed = rightCase.Seed, AgainstEnd = rightCase.AgainstEnd });
        bool[] expected = [.. left.Model.Zip(right.Model, model)];

        void IsExpected(ReadOnlySpan<ulong> words)
        {
            Assert.Equal(expected, GuardedBitmap.Read(words, expected.Length));
            Assert.True(GuardedBitmap.PaddingIsZero(words, expected.Length));
        }

        into(left.Words, right.Words, destination.Words, left.Bits);
        IsExpected(destination.Words);
        Assert.Equal(left.Model, left.Read());
        Assert.Equal(right.Model, right.Read());

        using (MemoryOwner<ulong> result = pooled(left.Words, right.Words, left.Bits))
        {
            Assert.Equal(left.Words.Length, result.Length);
            IsExpected(result.Span);
        }

        // The destination may be the right operand, or the left one.
        ulong[] before = right.Words.ToArray();
        into(left.Words, right.Words, right.Words, left.Bits);
        IsExpected(right.Words);
        inPlace(left.Words, before, left.Bits);
        IsExpected(left.Words);
    }
}
