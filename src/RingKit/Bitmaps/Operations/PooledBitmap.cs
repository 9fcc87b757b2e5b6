using CommunityToolkit.HighPerformance.Buffers;
using RingKit.Bitmaps.Operations.Kernels;

namespace RingKit.Bitmaps.Operations;

/// <summary>The operations of <see cref="BitmapLogic"/> and <see cref="BitmapCopy"/> with a pooled result, which the caller disposes.</summary>
/// <remarks>
/// Thread role: any thread, over memory that nobody else writes meanwhile. The result has one word for each 64 bits; its padding is 0, that of the
/// operands is ignored.
/// </remarks>
public static class PooledBitmap
{
    /// <summary>The bits that are set in both bitmaps.</summary>
    /// <param name="left">One bitmap.</param>
    /// <param name="right">The other.</param>
    /// <param name="bits">The length of both.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than <paramref name="left"/>, or an array, holds.</exception>
    /// <exception cref="ArgumentException"><paramref name="right"/> is too small.</exception>
    public static MemoryOwner<ulong> And(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ulong bits) =>
        Combine<BitOperators.And>(left, right, bits);

    /// <summary>The bits that are set in one of the bitmaps or in both.</summary>
    /// <inheritdoc cref="And"/>
    public static MemoryOwner<ulong> Or(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ulong bits) =>
        Combine<BitOperators.Or>(left, right, bits);

    /// <summary>The bits in which the bitmaps differ.</summary>
    /// <inheritdoc cref="And"/>
    public static MemoryOwner<ulong> Xor(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ulong bits) =>
        Combine<BitOperators.Xor>(left, right, bits);

    /// <summary>The bits that are set in the left bitmap and not in the right one.</summary>
    /// <inheritdoc cref="And"/>
    public static MemoryOwner<ulong> AndNot(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ulong bits) =>
        Combine<BitOperators.AndNot>(left, right, bits);

    /// <summary>The bits that are clear in the bitmap.</summary>
    /// <param name="bitmap">The bitmap.</param>
    /// <param name="bits">Its length.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the bitmap, or an array, holds.</exception>
    public static MemoryOwner<ulong> Not(ReadOnlySpan<ulong> bitmap, ulong bits) => Combine<BitOperators.Not>(bitmap, bitmap, bits);

    /// <summary>A range of bits, from bit 0 of the result on.</summary>
    /// <param name="bitmap">The bitmap.</param>
    /// <param name="first">The first bit.</param>
    /// <param name="count">How many bits.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the bitmap, or is more than an array holds.</exception>
    public static MemoryOwner<ulong> Copy(ReadOnlySpan<ulong> bitmap, ulong first, ulong count)
    {
        BitmapArguments.CheckRange(first, count, BitmapArguments.BitsOf(bitmap));
        MemoryOwner<ulong> result = Allocate(count, nameof(count));
        if (count != 0)
        {
            result.Span[^1] = 0;
            BitmapCopy.Copy(bitmap, first, result.Span, 0, count);
        }

        return result;
    }

    internal static MemoryOwner<ulong> Allocate(ulong bits, string name)
    {
        if (BitmapArguments.WordsFor(bits) > (ulong)Array.MaxLength)
            throw new ArgumentOutOfRangeException(name, bits, $"An array holds at most {(ulong)Array.MaxLength * 64} bits.");
        return MemoryOwner<ulong>.Allocate((int)BitmapArguments.WordsFor(bits));
    }

    private static MemoryOwner<ulong> Combine<TOperator>(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ulong bits)
        where TOperator : struct, IBitOperator
    {
        BitmapArguments.CheckBits(left, bits);
        BitmapArguments.CheckSpan(right, bits);
        MemoryOwner<ulong> result = Allocate(bits, nameof(bits));
        BitmapLogic.CombineChecked<TOperator>(left, right, result.Span, bits);
        return result;
    }
}
