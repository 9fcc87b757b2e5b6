using System.Numerics;

namespace RingKit.Bitmaps.Operations;

/// <summary>Finds the next set bit, the next clear bit, the next run of either.</summary>
/// <remarks>
/// Thread role: any thread, over memory that nobody else writes meanwhile. Bit i is bit i % 64 of word i / 64. The padding, which is the rest of the last
/// word, is never found, neither set nor clear. A search that finds nothing answers the bitmap's length, so that a loop needs no other end.
/// </remarks>
public static class BitmapSearch
{
    // A run of so many bits has a whole word in it wherever it begins.
    private const ulong HoldsAWholeWord = 127;

    /// <summary>The first set bit from a bit on.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="bits">Its length.</param>
    /// <param name="from">Where to begin, at most <paramref name="bits"/>.</param>
    /// <returns>The bit's number, or <paramref name="bits"/> if there is none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the words hold, or the beginning more than the length.</exception>
    public static ulong NextSet(ReadOnlySpan<ulong> words, ulong bits, ulong from)
    {
        Check(words, bits, from);
        return NextOther(words, bits, from, 0);
    }

    /// <summary>The first clear bit from a bit on.</summary>
    /// <inheritdoc cref="NextSet"/>
    public static ulong NextClear(ReadOnlySpan<ulong> words, ulong bits, ulong from)
    {
        Check(words, bits, from);
        return NextOther(words, bits, from, ulong.MaxValue);
    }

    /// <summary>The first run of set bits from a bit on that is long enough.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="bits">Its length.</param>
    /// <param name="from">Where to begin, at most <paramref name="bits"/>. What lies before does not belong to a run.</param>
    /// <param name="minimum">How many bits the run has at least: 1 or more.</param>
    /// <returns>The whole run, to its last bit; or no bits at <paramref name="bits"/> if there is none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The length is more than the words hold, the beginning more than the length, or the minimum 0.
    /// </exception>
    public static BitRun NextSetRun(ReadOnlySpan<ulong> words, ulong bits, ulong from, ulong minimum = 1)
    {
        Check(words, bits, from);
        ArgumentOutOfRangeException.ThrowIfZero(minimum);
        return NextRun(words, bits, from, minimum, ulong.MaxValue);
    }

    /// <summary>The first run of clear bits from a bit on that is long enough.</summary>
    /// <inheritdoc cref="NextSetRun"/>
    public static BitRun NextClearRun(ReadOnlySpan<ulong> words, ulong bits, ulong from, ulong minimum = 1)
    {
        Check(words, bits, from);
        ArgumentOutOfRangeException.ThrowIfZero(minimum);
        return NextRun(words, bits, from, minimum, 0);
    }

    /// <summary>All runs of set bits, for <c>foreach</c>.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="bits">Its length.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the words hold.</exception>
    public static BitRuns SetRuns(ReadOnlySpan<ulong> words, ulong bits)
    {
        BitmapArguments.CheckBits(words, bits);
        return new BitRuns(words, bits, areSet: true);
    }

    /// <summary>All runs of clear bits, for <c>foreach</c>.</summary>
    /// <inheritdoc cref="SetRuns"/>
    public static BitRuns ClearRuns(ReadOnlySpan<ulong> words, ulong bits)
    {
        BitmapArguments.CheckBits(words, bits);
        return new BitRuns(words, bits, areSet: false);
    }

    private static void Check(ReadOnlySpan<ulong> words, ulong bits, ulong from)
    {
        BitmapArguments.CheckBits(words, bits);
        if (from > bits)
            throw new ArgumentOutOfRangeException(nameof(from), from, $"The bitmap has {bits} bits.");
    }

    /// <summary>The first bit that is other than those of a uniform word.</summary>
    private static ulong NextOther(ReadOnlySpan<ulong> words, ulong bits, ulong from, ulong uniform)
    {
        if (from >= bits)
            return bits;

        int word = (int)(from >> 6);
        ulong other = (words[word] ^ uniform) & (ulong.MaxValue << (int)from);
        if (other == 0)
        {
            // The last word's padding may answer: then the bit is beyond the length.
            ReadOnlySpan<ulong> rest = words[(word + 1)..(int)BitmapArguments.WordsFor(bits)];
            int found = rest.IndexOfAnyExcept(uniform);
            if (found < 0)
                return bits;
            word += 1 + found;
            other = words[word] ^ uniform;
        }

        return Math.Min(((ulong)word << 6) + (uint)BitOperations.TrailingZeroCount(other), bits);
    }

    /// <summary>The first run of the bits of a uniform word.</summary>
    private static BitRun NextRun(ReadOnlySpan<ulong> words, ulong bits, ulong from, ulong minimum, ulong uniform)
    {
        while (true)
        {
            ulong first = NextOther(words, bits, from, ~uniform);
            ulong end = NextOther(words, bits, first, uniform);
            if (first == bits || end - first >= minimum)
                return new BitRun(first, end - first);

            from = end;
            if (minimum >= HoldsAWholeWord)
                from = BeforeNextWhole(words, bits, from, uniform);
        }
    }

    /// <summary>The bit behind the last other one before the next word that is uniform: no longer run begins before.</summary>
    private static ulong BeforeNextWhole(ReadOnlySpan<ulong> words, ulong bits, ulong from, ulong uniform)
    {
        int word = (int)(from >> 6);
        int whole = words[word..(int)BitmapArguments.WordsFor(bits)].IndexOf(uniform);
        if (whole < 0)
            return bits;
        if (whole == 0)
            return from;

        int before = word + whole - 1;
        ulong start = ((ulong)(before + 1) << 6) - (uint)BitOperations.LeadingZeroCount(words[before] ^ uniform);
        return Math.Clamp(start, from, bits);
    }
}
