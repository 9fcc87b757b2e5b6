using System.Numerics;

namespace RingKit.Bitmaps.Cores;

/// <summary>Sets what it is given in a bitmap of the caller's.</summary>
/// <param name="words">As many as the harvest can reach.</param>
/// <param name="firstPage">The page of their first bit; no page before it is given.</param>
internal ref struct WordSink(Span<ulong> words, ulong firstPage) : IDirtyMaskSink
{
    private readonly Span<ulong> _words = words;
    private readonly ulong _firstPage = firstPage;

    /// <summary>How many pages it was given.</summary>
    public ulong Taken { get; private set; }

    public void Accept(ulong firstPage, ulong mask)
    {
        Taken += (uint)BitOperations.PopCount(mask);
        if (firstPage < _firstPage)
        {
            mask >>= (int)(_firstPage - firstPage);
            firstPage = _firstPage;
        }

        int word = (int)((firstPage - _firstPage) >> 6);
        int shift = (int)(firstPage - _firstPage) & 63;
        _words[word] |= mask << shift;
        ulong next = mask >> 1 >> (63 - shift);
        if (next != 0)
            _words[word + 1] |= next;
    }
}
