using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Cores;

/// <summary>The words of a dirty bitmap and the marking of pages; see docs/bitmaps.md.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // A bit is set by writers and cleared by the harvester, each in one atomic step on its word, so no update is ever lost. The writer's or
    // releases the store that dirtied the page, the harvester's exchange acquires it (E4): who harvests a bit sees the data behind
    // it. Where the or is skipped since the bit is set already, IMarking says what takes its place.

    // Invariant: _wordCount words, which hold Pages bits, behind _words; _lease keeps them until Dispose. Whoever touches them ends with
    // GC.KeepAlive(this), which is no code: else the lease could be finalized under a call that only holds the pointer.
    private readonly ulong* _words;
    private readonly NativeLease _lease;
    private readonly NativeView<ulong> _view;

    // The bits of the last word that stand for pages.
    private readonly ulong _lastWordMask;

    // Both become 0 in Dispose: then every page is out of range and every scan is at its end, and the slow path finds out why.
    private ulong _pages;
    private nuint _wordCount;

    public DirtyBitmapCore(NativeView<ulong> words, ulong pages)
    {
        _lease = words.Lease();
        _words = words.DangerousPointer;
        _view = words;
        _pages = Pages = pages;
        _wordCount = (nuint)WordsFor(pages);
        _lastWordMask = ulong.MaxValue >> (int)((0 - pages) & 63);
    }

    public ulong Pages { get; }

    /// <summary>Bits beyond the last page that another party had set and a harvest dropped.</summary>
    public ulong StrayBits { get; private set; }

    public bool IsDisposed => _pages == 0;

    public static ulong WordsFor(ulong pages) => (pages + 63) / 64;

    public MarkView OpenMarkView(Granule granule)
    {
        ThrowIfDisposed();
        return new MarkView(_view.Lease(), (nuint)_words, Pages, granule);
    }

    public void Dispose()
    {
        _pages = 0;
        _wordCount = 0;
        _lease.Dispose();
    }

    public bool IsDirty(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        bool isDirty = (TOrdering.LoadAcquire(ref _words[page >> 6]) >> (int)page & 1) != 0;   // E4
        GC.KeepAlive(this);
        return isDirty;
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
}
