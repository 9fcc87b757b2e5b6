using System.Numerics;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>The pages that a guest has stored to, against which what a log reports is held.</summary>
/// <param name="total">The guest's pages.</param>
internal sealed class ExpectedPages(ulong total)
{
    private readonly ulong[] _expected = new ulong[(total + 63) / 64];
    private readonly ulong[] _missing = new ulong[(total + 63) / 64];
    private uint[] _pages = [];
    private long _left;

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
            _expected[page >> 6] = _missing[page >> 6] = 0;
        _pages = pages;
        foreach (uint page in pages)
            _expected[page >> 6] |= 1UL << (int)page;
    }

    /// <summary>Begins a round: none is reported yet.</summary>
    public void Begin()
    {
        foreach (uint page in _pages)
            _missing[page >> 6] = _expected[page >> 6];
        _left = _pages.Length;
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
        int word = Array.FindIndex(_missing, missing => missing != 0);
        return ((ulong)word * 64) + (uint)BitOperations.TrailingZeroCount(_missing[word]);
    }

    private ulong? ReportWord(ulong word, ulong mask)
    {
        ulong stray = word < (ulong)_expected.Length ? mask & ~_expected[word] : mask;
        if (stray != 0)
            return (word * 64) + (uint)BitOperations.TrailingZeroCount(stray);
        _left -= BitOperations.PopCount(_missing[word] & mask);
        _missing[word] &= ~mask;
        return null;
    }
}
