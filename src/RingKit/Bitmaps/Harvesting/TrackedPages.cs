using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>How many pages a tracker has, what it says to calls that name others, and masks of 64 of them.</summary>
internal static class TrackedPages
{
    public static void CheckCount(ulong pages, ulong maximum)
    {
        if (pages == 0 || pages > maximum)
            throw new ArgumentOutOfRangeException(nameof(pages), pages, $"There must be from 1 to {maximum} pages.");
    }

    public static void CheckCursor(ulong cursor, ulong pages)
    {
        if (cursor > pages)
            throw new ArgumentOutOfRangeException(nameof(cursor), cursor, $"There are {pages} pages.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [DoesNotReturn]
    public static void ThrowPage(ulong page, ulong pages) =>
        throw new ArgumentOutOfRangeException(nameof(page), page, $"There are pages 0 to {pages - 1}.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    [DoesNotReturn]
    public static void ThrowRange(ulong first, ulong count, ulong pages)
    {
        bool firstIsWrong = first > pages;
        throw new ArgumentOutOfRangeException(
            firstIsWrong ? nameof(first) : nameof(count),
            firstIsWrong ? first : count,
            $"First and count must lie within the {pages} pages.");
    }

    /// <summary>The bits from a page's own on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong BitsFrom(ulong page) => ulong.MaxValue << (int)page;

    /// <summary>The bits up to a page's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong BitsUpTo(ulong page) => ulong.MaxValue >> (int)(63 - (page & 63));

    /// <summary>The lowest bits that are set, so many at most.</summary>
    public static ulong LowestBits(ulong mask, int count)
    {
        if (BitOperations.PopCount(mask) <= count)
            return mask;

        ulong rest = mask;
        for (; count > 0; count--)
            rest &= rest - 1;
        return mask ^ rest;
    }

    /// <summary>Writes the pages of a mask, which must have room.</summary>
    /// <returns>How many there were.</returns>
    public static int Write(Span<ulong> destination, ulong firstPage, ulong mask)
    {
        int written = 0;
        for (; mask != 0; mask &= mask - 1)
            destination[written++] = firstPage + (uint)BitOperations.TrailingZeroCount(mask);
        return written;
    }
}
