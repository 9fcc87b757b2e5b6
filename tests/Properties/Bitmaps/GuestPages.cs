using RingKit.Interleaving;
using Xunit;
using static System.FormattableString;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps;

/// <summary>Pages that writers store to and harvesters copy, on the model of memory.</summary>
/// <remarks>
/// Each writer has a word of its own in each page and counts in it. The words are atomic and in no order, as guest memory is: only the
/// bitmap orders them.
/// </remarks>
internal sealed class GuestPages
{
    private readonly ulong[] _memory;
    private readonly ulong[] _stored;
    private readonly int[][] _writersOf;

    /// <summary>Makes pages of zeros.</summary>
    /// <param name="pages">How many pages.</param>
    /// <param name="writers">How many writers.</param>
    /// <param name="writes">Whether a writer ever stores to a page: others' words are left out of copies, or programs grow too large.</param>
    public GuestPages(int pages, int writers, Func<int, int, bool> writes)
    {
        _memory = GC.AllocateArray<ulong>(pages * writers, pinned: true);
        _stored = new ulong[_memory.Length];
        _writersOf = [.. Enumerable.Range(0, pages).Select(page => (int[])[.. Enumerable.Range(0, writers).Where(writer => writes(writer, page))])];
    }

    private int Pages => _writersOf.Length;

    public void Begin()
    {
        Array.Clear(_memory);
        Array.Clear(_stored);
        for (int i = 0; i < _memory.Length; i++)
            Explorer.Name(ref _memory[i], Invariant($"T{i / Pages}'s word of page {i % Pages}"));
    }

    public void Store(int writer, int page)
    {
        int word = (writer * Pages) + page;
        O.StoreRelaxed(ref _memory[word], ++_stored[word]);
    }

    /// <summary>A place to copy to, one word for each word of the pages.</summary>
    public ulong[] NewCopy() => new ulong[_memory.Length];

    /// <summary>How often each word has been stored to so far.</summary>
    public ulong[] StoredSoFar() => [.. _stored];

    public void Copy(int page, ulong[] destination)
    {
        foreach (int writer in _writersOf[page])
            destination[(writer * Pages) + page] = O.LoadRelaxed(ref _memory[(writer * Pages) + page]);
    }

    /// <summary>Moves a page from one copy to another.</summary>
    public void Move(int page, ulong[] source, ulong[] destination)
    {
        foreach (int writer in _writersOf[page])
            destination[(writer * Pages) + page] = source[(writer * Pages) + page];
    }

    /// <summary>Whoever sees a page's mark sees a store behind it.</summary>
    public void SeeAStore(int page)
    {
        ulong seen = 0;
        foreach (int writer in _writersOf[page])
            seen += O.LoadRelaxed(ref _memory[(writer * Pages) + page]);
        Assert.True(seen > 0, $"page {page} is marked, and no store to it is seen");
    }

    /// <summary>A writer's own stores are in a copy, but for words that have not been stored to since.</summary>
    public void CheckOwnStores(int writer, ulong[] copy, ulong[] since)
    {
        for (int word = writer * Pages; word < (writer + 1) * Pages; word++)
            CheckWord(word, copy, since);
    }

    /// <summary>A copy has all stores, but for words that have not been stored to since.</summary>
    public void CheckAll(ulong[] copy, ulong[] since)
    {
        for (int word = 0; word < _stored.Length; word++)
            CheckWord(word, copy, since);
    }

    private void CheckWord(int word, ulong[] copy, ulong[] since) => Assert.True(
        _stored[word] == since[word] || copy[word] == _stored[word],
        $"the copy of page {word % Pages} lacks a store of T{word / Pages}: {copy[word]} instead of {_stored[word]}");
}
