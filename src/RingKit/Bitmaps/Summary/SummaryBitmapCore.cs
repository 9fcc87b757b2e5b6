using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Summary;

/// <summary>The levels of a summary bitmap and the marking of pages; see docs/bitmaps.md.</summary>
internal sealed unsafe partial class SummaryBitmapCore<TOrdering> : IDirtyTracker
    where TOrdering : struct, IOrdering
{
    // A bit of a summary word stands for a word of the level below: set if that word is not 0, or was a moment ago. A marker sets bits
    // upwards, a harvester clears words downwards, each by read-modify-writes, and the harvester never skips a word below a bit that it cleared.
    //
    // Claim: when a mark has returned, and no harvest has begun since, its page has been taken, or each bit on its path is set.
    // Let W be a word and S the one with the bit for it. The marker ors W, then looks at S; the harvester clears S, then exchanges W. Both
    // change W, so they agree on who came first there. The marker: then the harvester takes what he set. The harvester: then the marker's or
    // acquires what the exchange released (E31), and he cannot see a bit in S that is older than its clearing. He sets the bit, or another
    // marker has; but that one may be slow, so he looks at each level up to the top himself, whatever he found.
    // A harvester that comes later needs E30: the or of S releases the or of W, the exchange of S acquires it, and so the exchange of W
    // comes behind. Were there a load in place of that exchange, as a hint that W is empty, nothing would order each side's store before
    // its load, and the page could be lost: marker sees S still set, harvester sees W still empty.

    // Invariant: _levels[l] points to _wordsOf[l] words, which hold a bit for each page (l = 0) or for each word below; the leases keep them until
    // Dispose. Whoever touches them ends with GC.KeepAlive(this).
    private readonly ulong*[] _levels;
    private readonly ulong[] _wordsOf;
    private readonly NativeLease _leafLease;
    private readonly NativeLease _summaryLease;
    private readonly ulong _lastWordMask;

    // Becomes 0 in Dispose: then every page is out of range and every scan is at its end, and the slow path finds out why.
    private ulong _pages;

    /// <param name="leaves">A bit for each page.</param>
    /// <param name="summaries">Zeros, as many words as <see cref="SummaryLevels.WordsAbove"/> says.</param>
    /// <param name="pages">How many pages.</param>
    /// <param name="mostTopWords">As for <see cref="SummaryLevels.WordsOf"/>.</param>
    public SummaryBitmapCore(NativeView<ulong> leaves, NativeView<ulong> summaries, ulong pages, ulong mostTopWords)
    {
        _leafLease = leaves.Lease();
        _summaryLease = summaries.Lease();
        _pages = Pages = pages;
        _lastWordMask = TrackedPages.BitsUpTo(pages - 1);
        _wordsOf = SummaryLevels.WordsOf(pages, mostTopWords);
        _levels = new ulong*[_wordsOf.Length];
        _levels[0] = leaves.DangerousPointer;
        for (int level = 1; level < _levels.Length; level++)
            _levels[level] = summaries.DangerousPointer + SummaryLevels.StartOf(_wordsOf, level);
    }

    public ulong Pages { get; }

    /// <summary>The highest level; the leaves are level 0.</summary>
    public int Top => _levels.Length - 1;

    public nuint TopWords => (nuint)_wordsOf[Top];

    public bool IsDisposed => _pages == 0;

    /// <summary>False if there are no marks, but for those that are made meanwhile. A mark's bits are set up to the top when it has returned.</summary>
    public bool MayHaveMarks
    {
        get
        {
            ThrowIfDisposed();
            bool found = Find(Top, 0) < TopWords;
            GC.KeepAlive(this);
            return found;
        }
    }

    public void Dispose()
    {
        _pages = 0;
        _leafLease.Dispose();
        _summaryLease.Dispose();
    }

    /// <summary>Makes the summaries of leaves that hold bits already. Before other threads know the bitmap.</summary>
    public void Summarize()
    {
        for (int level = 0; level < Top; level++)
        {
            for (ulong word = (ulong)Find(level, 0); word < _wordsOf[level]; word = (ulong)Find(level, (nuint)word + 1))
                _levels[level + 1][word >> 6] |= 1UL << (int)word;
        }

        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        Or(0, (nuint)(page >> 6), 1UL << (int)page);
        Raise(1, (nuint)(page >> 6));
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        ulong bit = 1UL << (int)page;
        bool wasClean = (Or(0, (nuint)(page >> 6), bit) & bit) == 0;
        Raise(1, (nuint)(page >> 6));
        GC.KeepAlive(this);
        return wasClean;
    }

    public void MarkMask(ulong word, ulong mask)
    {
        if (word >= _wordsOf[0] || _pages == 0)
            ThrowPage(word << 6);
        PutBack(0, (nuint)word, mask);
        GC.KeepAlive(this);
    }

    public void MarkRange(ulong first, ulong count)
    {
        if (first > _pages || count > _pages - first)
            ThrowRange(first, count);
        ThrowIfDisposed();
        if (count == 0)
            return;

        ulong last = first + count - 1;
        for (int level = 0; level <= Top; level++, first >>= 6, last >>= 6)
        {
            nuint lastWord = (nuint)(last >> 6);
            ulong mask = TrackedPages.BitsFrom(first);
            for (nuint word = (nuint)(first >> 6); word <= lastWord; word++, mask = ulong.MaxValue)
            {
                ulong bits = word == lastWord ? mask & TrackedPages.BitsUpTo(last) : mask;
                if (level == 0 || !IsRaised(level, word, bits))
                    Or(level, word, bits);
            }
        }

        GC.KeepAlive(this);
    }

    public bool IsDirty(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        bool isDirty = (TOrdering.LoadAcquire(ref WordAt(0, (nuint)(page >> 6))) >> (int)page & 1) != 0;   // E4
        GC.KeepAlive(this);
        return isDirty;
    }

    public ulong Count()
    {
        ThrowIfDisposed();
        ulong count = 0;
        for (nuint word = 0; word < _wordsOf[Top]; word++)
            count += CountUnder(Top, word);
        GC.KeepAlive(this);
        return count;
    }

    /// <summary>Marks again what was taken and not delivered, or puts summary bits back that were not followed.</summary>
    public void PutBack(int level, nuint word, ulong mask)
    {
        if (mask == 0)
            return;
        Or(level, word, mask);
        Raise(level + 1, word);
    }

    // In bounds: see the invariant.
    public ref ulong WordAt(int level, nuint word) => ref _levels[level][word];

    /// <summary>The next word of a level that is not 0, or the level's length: a hint.</summary>
    public nuint Find(int level, nuint from)
    {
        nuint length = (nuint)_wordsOf[level];

        // Vectors, which no ordering knows; on a model of memory it decides about each word.
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            return NonZeroScan.Find(in *_levels[level], from, length);

        while (from < length && TOrdering.LoadRelaxed(ref WordAt(level, from)) == 0)
            from++;
        return from;
    }

    // E4: to whoever takes the leaf; E30: what is set below; E31: what was cleared above before the word became 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Or(int level, nuint word, ulong mask) => TOrdering.FetchOrAcquireRelease(ref WordAt(level, word), mask);

    // Sets the bit for a word that is not 0, from this level to the top.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Raise(int level, nuint word)
    {
        for (; level < _levels.Length; level++, word >>= 6)
        {
            ulong bit = 1UL << (int)word;
            if (!IsRaised(level, word >> 6, bit))
                Or(level, word >> 6, bit);
        }
    }

    // In no order of its own: the or of the leaf has acquired all that counts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsRaised(int level, nuint word, ulong mask) => (TOrdering.LoadRelaxed(ref WordAt(level, word)) & mask) == mask;

    private ulong CountUnder(int level, nuint word)
    {
        ulong bits = TOrdering.LoadRelaxed(ref WordAt(level, word));
        if (level == 0)
            return (uint)BitOperations.PopCount(bits & ValidBits(word));

        ulong count = 0;
        for (; bits != 0; bits &= bits - 1)
            count += CountUnder(level - 1, (word << 6) + (uint)BitOperations.TrailingZeroCount(bits));
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ValidBits(nuint leaf) => leaf + 1 == _wordsOf[0] ? _lastWordMask : ulong.MaxValue;

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_pages == 0, typeof(SummaryBitmap));

    [MethodImpl(MethodImplOptions.NoInlining)]
    [DoesNotReturn]
    private void ThrowPage(ulong page)
    {
        ThrowIfDisposed();
        TrackedPages.ThrowPage(page, Pages);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [DoesNotReturn]
    private void ThrowRange(ulong first, ulong count)
    {
        ThrowIfDisposed();
        TrackedPages.ThrowRange(first, count, Pages);
    }
}
