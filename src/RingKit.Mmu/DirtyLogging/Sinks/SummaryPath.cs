using System.Numerics;

namespace RingKit.Mmu.DirtyLogging.Sinks;

/// <summary>Counts the words that a harvest of a summary bitmap reads, from the dirty words that it meets, which come ascending.</summary>
/// <param name="summaries">How many levels of summaries there are.</param>
/// <param name="topWords">Words of the highest, which is read to its end.</param>
internal struct SummaryPath(int summaries, ulong topWords)
{
    private ulong _lastPage = ulong.MaxValue;

    /// <summary>Words read so far.</summary>
    public ulong Words { get; private set; } = topWords;

    /// <summary>A dirty word, and the summaries' words on the way to it that were not on the way to the last one.</summary>
    /// <param name="firstPage">A multiple of 64.</param>
    public void Reach(ulong firstPage)
    {
        // A word of level n stands for 64^(n + 1) pages: another one if a bit from there on differs.
        int levels = (BitOperations.Log2(firstPage ^ _lastPage) / 6) - 1;
        Words += 1 + (ulong)Math.Max(Math.Min(levels, summaries - 1), 0);
        _lastPage = firstPage;
    }
}
