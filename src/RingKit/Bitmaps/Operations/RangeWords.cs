namespace RingKit.Bitmaps.Operations;

/// <summary>The words that a range of bits lies in: a part of a first one, whole ones in the middle, a part of a last one.</summary>
internal readonly struct RangeWords
{
    /// <param name="first">The first bit.</param>
    /// <param name="count">How many bits, at least 1; all within a span.</param>
    public RangeWords(ulong first, ulong count)
    {
        ulong last = first + count - 1;
        First = (int)(first >> 6);
        Last = (int)(last >> 6);
        FirstMask = ulong.MaxValue << (int)first;
        LastMask = ulong.MaxValue >> (int)(63 - (last & 63));
        if (First != Last)
            return;
        FirstMask &= LastMask;
        LastMask = 0;
    }

    /// <summary>The word of the first bit.</summary>
    public int First { get; }

    /// <summary>Which of its bits are in the range.</summary>
    public ulong FirstMask { get; }

    /// <summary>The word of the last bit.</summary>
    public int Last { get; }

    /// <summary>Which of its bits are in the range; none if it is the first word too.</summary>
    public ulong LastMask { get; }

    /// <summary>The words between them.</summary>
    public ReadOnlySpan<ulong> Middle(ReadOnlySpan<ulong> words) => Last <= First + 1 ? default : words[(First + 1)..Last];
}
