using System.Numerics;

namespace RingKit.Bitmaps;

/// <summary>Sets what it is given in a bitmap of the caller's.</summary>
/// <param name="words">As many as the harvest can reach.</param>
/// <param name="firstPage">The page of their first bit, a multiple of 64.</param>
internal ref struct WordSink(Span<ulong> words, ulong firstPage) : IDirtyMaskSink
{
    private readonly Span<ulong> _words = words;
    private readonly ulong _firstPage = firstPage;

    /// <summary>How many pages it was given.</summary>
    public ulong Taken { get; private set; }

    public void Accept(ulong firstPage, ulong mask)
    {
        _words[(int)((firstPage - _firstPage) >> 6)] |= mask;
        Taken += (uint)BitOperations.PopCount(mask);
    }
}
