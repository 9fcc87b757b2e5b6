using System.Numerics;
using System.Runtime.InteropServices;
using RingKit.Bitmaps.Operations.Kernels;

namespace RingKit.Bitmaps.Operations;

/// <summary>What is set in a bitmap, or in a range of its bits: how many, any, all; and whether two bitmaps are equal.</summary>
/// <remarks>
/// Thread role: any thread. Of a bitmap that others write meanwhile each bit counts as it was at some time. Bit i is bit i % 64 of word i / 64. The
/// padding, which is the rest of the last word, is ignored.
/// </remarks>
public static class BitmapCount
{
    /// <summary>How many bits are set in the words.</summary>
    /// <param name="words">Words without padding, or with padding that is 0.</param>
    public static ulong Count(ReadOnlySpan<ulong> words) => PopCountKernel.Count(in MemoryMarshal.GetReference(words), (nuint)words.Length);

    /// <summary>How many bits are set in a bitmap.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="bits">Its length.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the words hold.</exception>
    public static ulong Count(ReadOnlySpan<ulong> words, ulong bits)
    {
        BitmapArguments.CheckBits(words, bits);
        return CountChecked(words, 0, bits);
    }

    /// <summary>How many bits are set in a range.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="first">The first bit.</param>
    /// <param name="count">How many bits; may be 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the words.</exception>
    public static ulong Count(ReadOnlySpan<ulong> words, ulong first, ulong count)
    {
        BitmapArguments.CheckRange(first, count, BitmapArguments.BitsOf(words));
        return CountChecked(words, first, count);
    }

    /// <summary>Whether any bit of a bitmap is set; not so if it has none.</summary>
    /// <inheritdoc cref="Count(ReadOnlySpan{ulong}, ulong)"/>
    public static bool Any(ReadOnlySpan<ulong> words, ulong bits)
    {
        BitmapArguments.CheckBits(words, bits);
        return AnyChecked(words, 0, bits);
    }

    /// <summary>Whether any bit of a range is set; not so if it is empty.</summary>
    /// <inheritdoc cref="Count(ReadOnlySpan{ulong}, ulong, ulong)"/>
    public static bool Any(ReadOnlySpan<ulong> words, ulong first, ulong count)
    {
        BitmapArguments.CheckRange(first, count, BitmapArguments.BitsOf(words));
        return AnyChecked(words, first, count);
    }

    /// <summary>Whether all bits of a bitmap are set; so if it has none.</summary>
    /// <inheritdoc cref="Count(ReadOnlySpan{ulong}, ulong)"/>
    public static bool All(ReadOnlySpan<ulong> words, ulong bits)
    {
        BitmapArguments.CheckBits(words, bits);
        return AllChecked(words, 0, bits);
    }

    /// <summary>Whether all bits of a range are set; so if it is empty.</summary>
    /// <inheritdoc cref="Count(ReadOnlySpan{ulong}, ulong, ulong)"/>
    public static bool All(ReadOnlySpan<ulong> words, ulong first, ulong count)
    {
        BitmapArguments.CheckRange(first, count, BitmapArguments.BitsOf(words));
        return AllChecked(words, first, count);
    }

    /// <summary>Whether two bitmaps have the same bits.</summary>
    /// <param name="left">One bitmap.</param>
    /// <param name="right">The other.</param>
    /// <param name="bits">The length of both.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than <paramref name="left"/> holds.</exception>
    /// <exception cref="ArgumentException"><paramref name="right"/> is too small.</exception>
    public static bool Equals(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ulong bits)
    {
        BitmapArguments.CheckBits(left, bits);
        BitmapArguments.CheckSpan(right, bits);
        if (bits == 0)
            return true;

        int last = (int)BitmapArguments.WordsFor(bits) - 1;
        return left[..last].SequenceEqual(right[..last]) && ((left[last] ^ right[last]) & BitmapArguments.LastWordMask(bits)) == 0;
    }

    private static ulong CountChecked(ReadOnlySpan<ulong> words, ulong first, ulong count)
    {
        if (count == 0)
            return 0;
        var range = new RangeWords(first, count);
        int ends = BitOperations.PopCount(words[range.First] & range.FirstMask) + BitOperations.PopCount(words[range.Last] & range.LastMask);
        return (uint)ends + Count(range.Middle(words));
    }

    private static bool AnyChecked(ReadOnlySpan<ulong> words, ulong first, ulong count)
    {
        if (count == 0)
            return false;
        var range = new RangeWords(first, count);
        return (words[range.First] & range.FirstMask) != 0
            || range.Middle(words).ContainsAnyExcept(0UL)
            || (words[range.Last] & range.LastMask) != 0;
    }

    private static bool AllChecked(ReadOnlySpan<ulong> words, ulong first, ulong count)
    {
        if (count == 0)
            return true;
        var range = new RangeWords(first, count);
        return (~words[range.First] & range.FirstMask) == 0
            && !range.Middle(words).ContainsAnyExcept(ulong.MaxValue)
            && (~words[range.Last] & range.LastMask) == 0;
    }
}
