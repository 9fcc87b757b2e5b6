using System.Runtime.InteropServices;
using RingKit.Bitmaps.Operations.Kernels;

namespace RingKit.Bitmaps.Operations;

/// <summary>Combines whole bitmaps: in place, or into a destination.</summary>
/// <remarks>
/// Thread role: any thread, over memory that nobody else writes meanwhile. Bit i is bit i % 64 of word i / 64. The padding, which is the rest of the last
/// word, is ignored in the operands and 0 in the result; words behind it are neither read nor written. A destination may be
/// one of its operands (it begins at the same word); any other overlap is refused.
/// </remarks>
public static class BitmapLogic
{
    /// <summary>Keeps the bits that are set in both bitmaps.</summary>
    /// <param name="bitmap">The left operand, and the result.</param>
    /// <param name="other">The right operand.</param>
    /// <param name="bits">The length of both.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than <paramref name="bitmap"/> holds.</exception>
    /// <exception cref="ArgumentException"><paramref name="other"/> is too small, or overlaps the bitmap from another word on. Nothing was changed.</exception>
    public static void And(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits) =>
        CombineInPlace<BitOperators.And>(bitmap, other, bits);

    /// <summary>Sets the bits that are set in both bitmaps, and clears all others.</summary>
    /// <param name="left">The left operand.</param>
    /// <param name="right">The right operand.</param>
    /// <param name="destination">The result.</param>
    /// <param name="bits">The length of all three.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than <paramref name="left"/> holds.</exception>
    /// <exception cref="ArgumentException">Another span is too small, or the destination overlaps an operand from another word on. Nothing was changed.</exception>
    public static void And(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits) =>
        Combine<BitOperators.And>(left, right, destination, bits);

    /// <summary>Sets also the bits that are set in the other bitmap.</summary>
    /// <inheritdoc cref="And(Span{ulong}, ReadOnlySpan{ulong}, ulong)"/>
    public static void Or(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits) =>
        CombineInPlace<BitOperators.Or>(bitmap, other, bits);

    /// <summary>Sets the bits that are set in one of the bitmaps or in both, and clears all others.</summary>
    /// <inheritdoc cref="And(ReadOnlySpan{ulong}, ReadOnlySpan{ulong}, Span{ulong}, ulong)"/>
    public static void Or(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits) =>
        Combine<BitOperators.Or>(left, right, destination, bits);

    /// <summary>Inverts the bits that are set in the other bitmap.</summary>
    /// <inheritdoc cref="And(Span{ulong}, ReadOnlySpan{ulong}, ulong)"/>
    public static void Xor(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits) =>
        CombineInPlace<BitOperators.Xor>(bitmap, other, bits);

    /// <summary>Sets the bits in which the bitmaps differ, and clears all others.</summary>
    /// <inheritdoc cref="And(ReadOnlySpan{ulong}, ReadOnlySpan{ulong}, Span{ulong}, ulong)"/>
    public static void Xor(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits) =>
        Combine<BitOperators.Xor>(left, right, destination, bits);

    /// <summary>Clears the bits that are set in the other bitmap.</summary>
    /// <inheritdoc cref="And(Span{ulong}, ReadOnlySpan{ulong}, ulong)"/>
    public static void AndNot(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits) =>
        CombineInPlace<BitOperators.AndNot>(bitmap, other, bits);

    /// <summary>Sets the bits that are set in the left bitmap and not in the right one, and clears all others.</summary>
    /// <inheritdoc cref="And(ReadOnlySpan{ulong}, ReadOnlySpan{ulong}, Span{ulong}, ulong)"/>
    public static void AndNot(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits) =>
        Combine<BitOperators.AndNot>(left, right, destination, bits);

    /// <summary>Inverts every bit of the bitmap; the padding becomes 0.</summary>
    /// <param name="bitmap">The operand and the result.</param>
    /// <param name="bits">Its length.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the bitmap holds.</exception>
    public static void Not(Span<ulong> bitmap, ulong bits) => CombineInPlace<BitOperators.Not>(bitmap, bitmap, bits);

    /// <summary>Sets the bits that are clear in the bitmap, and clears all others.</summary>
    /// <param name="bitmap">The operand.</param>
    /// <param name="destination">The result.</param>
    /// <param name="bits">The length of both.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the bitmap holds.</exception>
    /// <exception cref="ArgumentException">The destination is too small, or overlaps the bitmap from another word on. Nothing was changed.</exception>
    public static void Not(ReadOnlySpan<ulong> bitmap, Span<ulong> destination, ulong bits)
    {
        BitmapArguments.CheckBits(bitmap, bits);
        BitmapArguments.CheckSpan(destination, bits);
        int words = (int)BitmapArguments.WordsFor(bits);
        BitmapArguments.CheckOverlap(bitmap[..words], destination[..words], nameof(bitmap));
        CombineChecked<BitOperators.Not>(bitmap, bitmap, destination, bits);
    }

    /// <summary>The same for the other classes of this namespace, with arguments that were checked.</summary>
    internal static void CombineChecked<TOperator>(
        ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits)
        where TOperator : struct, IBitOperator
    {
        if (bits == 0)
            return;
        int words = (int)BitmapArguments.WordsFor(bits);
        LogicKernel.Combine<TOperator>(
            in MemoryMarshal.GetReference(left), in MemoryMarshal.GetReference(right), ref MemoryMarshal.GetReference(destination), (nuint)words);
        destination[words - 1] &= BitmapArguments.LastWordMask(bits);
    }

    internal static void Check(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ReadOnlySpan<ulong> destination, ulong bits)
    {
        BitmapArguments.CheckBits(left, bits);
        BitmapArguments.CheckSpan(right, bits);
        BitmapArguments.CheckSpan(destination, bits);
        int words = (int)BitmapArguments.WordsFor(bits);
        BitmapArguments.CheckOverlap(left[..words], destination[..words], nameof(left));
        BitmapArguments.CheckOverlap(right[..words], destination[..words], nameof(right));
    }

    internal static void CheckInPlace(ReadOnlySpan<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits)
    {
        BitmapArguments.CheckBits(bitmap, bits);
        BitmapArguments.CheckSpan(other, bits);
        int words = (int)BitmapArguments.WordsFor(bits);
        BitmapArguments.CheckOverlap(other[..words], bitmap[..words], nameof(other));
    }

    private static void Combine<TOperator>(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits)
        where TOperator : struct, IBitOperator
    {
        Check(left, right, destination, bits);
        CombineChecked<TOperator>(left, right, destination, bits);
    }

    private static void CombineInPlace<TOperator>(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits)
        where TOperator : struct, IBitOperator
    {
        CheckInPlace(bitmap, other, bits);
        CombineChecked<TOperator>(bitmap, other, bitmap, bits);
    }
}
