using System.Numerics;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>The pages that a guest has stored to, against which what a log reports is held.</summary>
/// <param name="total">The guest's pages.</param>
internal sealed class ExpectedPages(ulong total)
{
    // Side by side, since of many pages anywhere each word is a miss.
    private readonly (ulong Expected, ulong Seen)[] _words = new (ulong, ulong)[(total + 63) / 64];
    private uint[] _pages = [];
    private long _left;

    // Every other round a page is seen when its bit becomes 0: what was complete need not be cleared.
    private bool _seesOnes;

    /// <summary>The guest's pages.</summary>
    public ulong Total => total;

    /// <summary>The pages, each once.</summary>
    public ReadOnlySpan<uint> Pages => _pages;

    /// <summary>Whether every page was reported.</summary>
    public bool IsComplete => _left == 0;

    /// <summary>Expects these pages, and no others any more.</summary>
    public void Set(uint[] pages)
    {
        foreach (uint page in _pages)
            _words[page >> 6] = default;
        _pages = pages;
        foreach (uint page in pages)
            _words[page >> 6].Expected |= 1UL << (int)page;
        (_left, _seesOnes) = (0, false);
    }

    /// <summary>Begins a round: none is reported yet. The one before was complete.</summary>
    public void Begin()
    {
        if (_left != 0)
            Set(_pages);
        _left = _pages.Length;
        _seesOnes = !_seesOnes;
    }

    /// <summary>Takes what a log reports. A page may come twice.</summary>
    /// <param name="basePage">The page that bit 0 stands for.</param>
    /// <param name="mask">Which pages.</param>
    /// <returns>A page that was not stored to, if one is reported.</returns>
    public ulong? Report(ulong basePage, ulong mask)
    {
        int shift = (int)(basePage & 63);
        ulong? stray = ReportWord(basePage >> 6, mask << shift);
        return stray is null && shift != 0 && mask >> (64 - shift) is not 0 and var high ? ReportWord((basePage >> 6) + 1, high) : stray;
    }

    /// <summary>The first page that no log has reported in this round; there is one.</summary>
    public ulong FirstMissing()
    {
        int word = Array.FindIndex(_words, missing => MissingOf(missing) != 0);
        return ((ulong)word * 64) + (uint)BitOperations.TrailingZeroCount(MissingOf(_words[word]));
    }

    private ulong MissingOf((ulong Expected, ulong Seen) word) => word.Expected & (_seesOnes ? ~word.Seen : word.Seen);

    private ulong? ReportWord(ulong index, ulong mask)
    {
        if (mask == 0)
            return null;
        if (index >= (ulong)_words.Length)
            return (index * 64) + (uint)BitOperations.TrailingZeroCount(mask);
        ref (ulong Expected, ulong Seen) word = ref _words[index];
        if ((mask & ~word.Expected) is not 0 and var stray)
            return (index * 64) + (uint)BitOperations.TrailingZeroCount(stray);
        ulong seen = MissingOf(word) & mask;
        _left -= BitOperations.PopCount(seen);
        word.Seen ^= seen;
        return null;
    }
}
