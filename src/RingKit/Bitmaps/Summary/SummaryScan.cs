using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Summary;

/// <summary>A harvest of a summary bitmap: for each level the word that it is in, and which bits of that are still to be followed.</summary>
internal struct SummaryScan<TOrdering> : IMaskSource
    where TOrdering : struct, IOrdering
{
    // 2^52 pages have 2^46 leaves, and then 6 levels of 64 to 1 lead to 1024 words; a test may ask for one word.
    private const int MostLevels = 10;

    private readonly SummaryBitmapCore<TOrdering> _bitmap;
    private readonly ulong _firstPage;

    // By level, from 1 on. The bits have been cleared in the bitmap: what is not followed is put back.
    private PerLevel _pending;
    private PerLevel _word;
    private nuint _nextTopWord;

    public SummaryScan(SummaryBitmapCore<TOrdering> bitmap, ulong firstPage)
    {
        _bitmap = bitmap;
        _firstPage = firstPage;
        _nextTopWord = (nuint)(firstPage >> (6 * (bitmap.Top + 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TakeNext(out ulong firstPage, out ulong mask)
    {
        while (NextLeaf(out nuint leaf))
        {
            firstPage = (ulong)leaf << 6;
            mask = _bitmap.TakeLeaf(leaf);
            if (mask != 0)
                return true;
        }

        firstPage = mask = 0;
        return false;
    }

    /// <summary>The same, but so many pages at most, and none before the first one. The rest of the word stays, and is not met again.</summary>
    public bool TakeNext(int room, out ulong firstPage, out ulong mask)
    {
        while (NextLeaf(out nuint leaf))
        {
            firstPage = (ulong)leaf << 6;
            mask = _bitmap.TakeLeaf(leaf, firstPage < _firstPage ? TrackedPages.BitsFrom(_firstPage) : ulong.MaxValue, room);
            if (mask != 0)
                return true;
        }

        firstPage = mask = 0;
        return false;
    }

    public readonly void PutBack(ulong firstPage, ulong mask)
    {
        if (!_bitmap.IsDisposed)
            _bitmap.PutBack(0, (nuint)(firstPage >> 6), mask);
    }

    public readonly void PutBackRange(ulong first, ulong count)
    {
        if (count != 0 && !_bitmap.IsDisposed)
            _bitmap.MarkRange(first, count);
    }

    public void Abandon()
    {
        for (int level = 1; level <= _bitmap.Top && !_bitmap.IsDisposed; level++)
            _bitmap.PutBack(level, (nuint)_word[level], _pending[level]);
        _pending = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool NextLeaf(out nuint leaf)
    {
        ulong pending = _pending[1];
        if ((pending == 0 && (pending = Descend()) == 0) || _bitmap.IsDisposed)
        {
            leaf = 0;
            return false;
        }

        leaf = ((nuint)_word[1] << 6) + (nuint)BitOperations.TrailingZeroCount(pending);
        _pending[1] = pending & (pending - 1);
        return true;
    }

    // To the next word of level 1 that has bits; 0 if there is none.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong Descend()
    {
        int level = 1;
        while (_pending[1] == 0)
        {
            if (level > 1 && _pending[level] != 0)
            {
                nuint child = ((nuint)_word[level] << 6) + (nuint)BitOperations.TrailingZeroCount(_pending[level]);
                _pending[level] &= _pending[level] - 1;
                Enter(--level, child);
            }
            else if (level < _bitmap.Top)
            {
                level++;
            }
            else
            {
                nuint word = _bitmap.IsDisposed ? nuint.MaxValue : _bitmap.Find(level, _nextTopWord);
                if (word >= _bitmap.TopWords)
                    return 0;
                _nextTopWord = word + 1;
                Enter(level, word);
            }
        }

        return _pending[1];
    }

    // Takes a summary word, but leaves the bits for what lies before the first page.
    private void Enter(int level, nuint word)
    {
        ulong mask = _bitmap.Take(level, word);
        ulong firstBelow = _firstPage >> (6 * level);
        if (word == (nuint)(firstBelow >> 6))
        {
            _bitmap.PutBack(level, word, mask & ~TrackedPages.BitsFrom(firstBelow));
            mask &= TrackedPages.BitsFrom(firstBelow);
        }

        _word[level] = word;
        _pending[level] = mask;
        _bitmap.Prefetch(level - 1, word << 6, mask);
    }

    [InlineArray(MostLevels)]
    private struct PerLevel
    {
        private ulong _first;
    }
}
