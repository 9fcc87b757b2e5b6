using System.Numerics;
using RingKit.Bitmaps.Summary;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>Counts the words that a harvest of a summary bitmap reads, from the dirty words that it meets, which come ascending.</summary>
internal struct SummaryPath(SummaryBitmap bitmap)
{
    // Between the highest summary, which is read to its end, and the bitmap's own words.
    private readonly int _levelsBetween = bitmap.SummaryCount - 1;

    private ulong _lastPage = ulong.MaxValue;

    /// <summary>Words read so far.</summary>
    public ulong Words { get; private set; } = bitmap.TopWords;

    /// <summary>A dirty word, and the summaries' words on the way to it that were not on the way to the last one.</summary>
    /// <param name="firstPage">A multiple of 64.</param>
    public void Reach(ulong firstPage)
    {
        // A word of level n stands for 64^(n + 1) pages: another one if a bit from there on differs.
        int levels = (BitOperations.Log2(firstPage ^ _lastPage) / 6) - 1;
        Words += 1 + (ulong)Math.Clamp(levels, 0, _levelsBetween);
        _lastPage = firstPage;
    }
}
