using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>The words of a dirty bitmap and the marking of pages; see docs/bitmaps.md.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // A bit is set by writers and cleared by the harvester, each in one atomic step on its word, so no update is ever lost. The writer's or
    // releases the store that dirtied the page, the harvester's exchange acquires it (E4): who harvests a bit sees the data behind
    // it. The or is never skipped because the bit "is set already": the data store could still be under way when the harvester clears the
    // bit and copies the page.

    // Invariant: _wordCount words, which hold Pages bits, behind _words; _lease keeps them until Dispose. Whoever touches them ends with
    // GC.KeepAlive(this), which is no code: else the lease could be finalized under a call that only holds the pointer.
    private readonly ulong* _words;
    private readonly NativeLease _lease;

    // The bits of the last word that stand for pages.
    private readonly ulong _lastWordMask;

    // Both become 0 in Dispose: then every page is out of range and every scan is at its end, and the slow path finds out why.
    private ulong _pages;
    private nuint _wordCount;

    public DirtyBitmapCore(NativeView<ulong> words, ulong pages)
    {
        _lease = words.Lease();
        _words = words.DangerousPointer;
        _pages = Pages = pages;
        _wordCount = (nuint)WordsFor(pages);
        _lastWordMask = ulong.MaxValue >> (int)((0 - pages) & 63);
    }

    public ulong Pages { get; }

    /// <summary>Bits beyond the last page that another party had set and a harvest dropped.</summary>
    public ulong StrayBits { get; private set; }

    public bool IsDisposed => _pages == 0;

    public static ulong WordsFor(ulong pages) => (pages + 63) / 64;

    public void Dispose()
    {
        _pages = 0;
        _wordCount = 0;
        _lease.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        TOrdering.OrRelease(ref _words[page >> 6], 1UL << (int)page);                 // E4
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        ulong bit = 1UL << (int)page;
        bool wasClean = (TOrdering.FetchOrRelease(ref _words[page >> 6], bit) & bit) == 0;     // E4
        GC.KeepAlive(this);
        return wasClean;
    }

    public void MarkRange(ulong first, ulong count)
    {
        if (first > _pages || count > _pages - first)
            ThrowRange(first, count);
        if (count == 0)
        {
            ThrowIfDisposed();
            return;
        }

        ulong last = first + count - 1;
        ulong word = first >> 6;
        ulong lastWord = last >> 6;
        ulong mask = ulong.MaxValue << (int)first;
        for (; word < lastWord; word++)
        {
            TOrdering.OrRelease(ref _words[word], mask);                              // E4
            mask = ulong.MaxValue;
        }

        TOrdering.OrRelease(ref _words[word], mask & (ulong.MaxValue >> (int)(63 - (last & 63))));    // E4
        GC.KeepAlive(this);
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
        for (nuint i = 0; i < _wordCount; i++)
            count += (uint)BitOperations.PopCount(TOrdering.LoadRelaxed(ref _words[i]) & ValidBits(i));
        GC.KeepAlive(this);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ValidBits(nuint word) => word + 1 == _wordCount ? _lastWordMask : ulong.MaxValue;

    internal void ThrowIfDisposed()
    {
        if (_pages == 0)
            ThrowDisposed();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowDisposed() => throw new ObjectDisposedException(typeof(DirtyBitmap).FullName);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowPage(ulong page)
    {
        ThrowIfDisposed();
        throw new ArgumentOutOfRangeException(nameof(page), page, $"The bitmap has pages 0 to {Pages - 1}.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowRange(ulong first, ulong count)
    {
        ThrowIfDisposed();
        bool firstIsWrong = first > Pages;
        throw new ArgumentOutOfRangeException(
            firstIsWrong ? nameof(first) : nameof(count),
            firstIsWrong ? first : count,
            $"First and count must lie within the {Pages} pages of the bitmap.");
    }
}
