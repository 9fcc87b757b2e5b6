using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Rings.Cores;

namespace RingKit.Bitmaps.Listing;

/// <summary>The words of a dirty list, the log of those that are not 0, and the marking of pages; see docs/bitmaps.md.</summary>
internal sealed unsafe partial class DirtyListCore<TOrdering> : IDirtyTracker
    where TOrdering : struct, IOrdering
{
    // Whoever turns a word from 0 to something else logs the word; the harvester, who alone turns words back to 0, takes it off the log and exchanges
    // it for 0 (E4). So a word that is not 0 is in the log once, or in the hand of the marker who is about to log it, or in the
    // harvester's: no page is lost, and a log with an entry for each word cannot be full.
    // When the log is full, the marker raises the overflow flag (E33), after the or and never skipped. The harvester lowers it before it
    // scans all words: a marker who raises it after that is found by the next harvest. By read-modify-writes, so that no raising hides another's.

    // Invariant: _wordCount words, which hold Pages bits, behind _words; _lease keeps them until Dispose. Whoever touches them ends with
    // GC.KeepAlive(this).
    private readonly ulong* _words;
    private readonly NativeLease _lease;
    private readonly MpscCore<ulong, TOrdering> _log;
    private readonly NativeView<ulong> _overflowView = new NativeBlock<ulong>(1).View;
    private readonly ulong* _overflow;
    private readonly ulong _lastWordMask;

    // Both become 0 in Dispose: then every page is out of range and every scan is at its end, and the slow path finds out why.
    private ulong _pages;
    private nuint _wordCount;

    /// <param name="words">A bit for each page, all clean.</param>
    /// <param name="log">An empty ring.</param>
    /// <param name="pages">How many pages.</param>
    public DirtyListCore(NativeView<ulong> words, MpscCore<ulong, TOrdering> log, ulong pages)
    {
        _lease = words.Lease();
        _words = words.DangerousPointer;
        _overflow = _overflowView.DangerousPointer;
        _log = log;
        _pages = Pages = pages;
        _wordCount = (nuint)((pages + 63) / 64);
        _scanFrom = _wordCount;
        _lastWordMask = TrackedPages.BitsUpTo(pages - 1);
    }

    public ulong Pages { get; }

    /// <summary>Harvester only: how often a harvest had to look at all words.</summary>
    public ulong Scans { get; private set; }

    public void Dispose()
    {
        _pages = 0;
        _wordCount = 0;
        _log.Dispose();
        _lease.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page) => TryMark(page);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        ulong bit = 1UL << (int)page;
        return (Or((nuint)(page >> 6), bit) & bit) == 0;
    }

    public void MarkRange(ulong first, ulong count)
    {
        if (first > _pages || count > _pages - first)
            ThrowRange(first, count);
        ThrowIfDisposed();
        if (count == 0)
            return;

        ulong last = first + count - 1;
        nuint lastWord = (nuint)(last >> 6);
        ulong mask = TrackedPages.BitsFrom(first);
        for (nuint word = (nuint)(first >> 6); word < lastWord; word++, mask = ulong.MaxValue)
            Or(word, mask);
        Or(lastWord, mask & TrackedPages.BitsUpTo(last));
    }

    public bool IsDirty(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        bool isDirty = (TOrdering.LoadAcquire(ref _words[page >> 6]) >> (int)page & 1) != 0;   // E4
        GC.KeepAlive(this);
        return isDirty;
    }

    public ulong Count()
    {
        ThrowIfDisposed();
        ulong count = 0;
        for (nuint word = Find(0); word < _wordCount; word = Find(word + 1))
            count += (uint)BitOperations.PopCount(TOrdering.LoadRelaxed(ref _words[word]));
        GC.KeepAlive(this);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Or(nuint word, ulong mask)
    {
        ulong before = TOrdering.FetchOrRelease(ref _words[word], mask);              // E4
        if (before == 0)
            Log(word);
        GC.KeepAlive(this);
        return before;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Log(nuint word)
    {
        if (!_log.TryPush(producer: 0, word))
            TOrdering.OrRelease(ref *_overflow, 1);                                   // E33: after the or of the word
    }

    // The next word that is not 0, or their number: a hint. On hardware by vectors, which no ordering knows.
    private nuint Find(nuint from)
    {
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            return NonZeroScan.Find(in *_words, from, _wordCount);

        while (from < _wordCount && TOrdering.LoadRelaxed(ref _words[from]) == 0)
            from++;
        return from;
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_pages == 0, typeof(DirtyList));

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
