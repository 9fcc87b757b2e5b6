using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.Bitmaps.Cores;
using RingKit.Bitmaps.Harvesting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Growing;

/// <summary>A bitmap of the largest size, and how many of its pages there are by now; see docs/bitmaps.md.</summary>
internal sealed class GrowingDirtyBitmapCore<TOrdering> : IDirtyTracker
    where TOrdering : struct, IOrdering
{
    // The words never move and are 0 from the start, so growing hands nothing over: one word changes, it only rises, and no order goes with
    // it. A harvest that has a mark before it (E4) has the marker's look at the number of pages before it too, and one word is never seen older
    // than somebody before has seen it: so the harvest looks at least as far as the mark.

    // A cache line's distance on both sides: who else allocates pinned words may write them all the time.
    private const int Place = CacheLine.Separation / sizeof(ulong);
    private readonly ulong[] _block = GC.AllocateArray<ulong>(2 * Place, pinned: true);
    private readonly DirtyBitmapCore<TOrdering> _bitmap;

    public GrowingDirtyBitmapCore(DirtyBitmapCore<TOrdering> bitmap, ulong pages)
    {
        _bitmap = bitmap;
        _block[Place] = pages;
    }

    public ulong Pages => TOrdering.LoadRelaxed(ref PageCount);

    internal ref ulong PageCount
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_block), Place);
    }

    public void Grow(ulong pages)
    {
        _bitmap.ThrowIfDisposed();
        if (pages < Pages || pages > _bitmap.Pages)
            throw new ArgumentOutOfRangeException(nameof(pages), pages, $"The bitmap has {Pages} pages and can have {_bitmap.Pages}.");
        TOrdering.StoreRelaxed(ref PageCount, pages);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page)
    {
        CheckPage(page);
        _bitmap.Mark(page);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page)
    {
        CheckPage(page);
        return _bitmap.TryMark(page);
    }

    public void MarkRange(ulong first, ulong count)
    {
        _bitmap.ThrowIfDisposed();
        ulong pages = Pages;
        if (first > pages || count > pages - first)
            TrackedPages.ThrowRange(first, count, pages);
        _bitmap.MarkRange(first, count);
    }

    public bool IsDirty(ulong page)
    {
        CheckPage(page);
        return _bitmap.IsDirty(page);
    }

    public ulong Count()
    {
        ulong cursor = 0;
        var nothing = default(NoSink);
        return _bitmap.Masks<AlwaysOr, NoSink>(ref nothing, ref cursor, Pages, ulong.MaxValue, takes: false);
    }

    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ulong cursor = 0;
        _bitmap.Masks<AlwaysOr, TSink>(ref sink, ref cursor, Pages, ulong.MaxValue, takes: true);
    }

    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ulong cursor = 0;
        _bitmap.Runs<AlwaysOr, TSink>(ref sink, ref cursor, Pages, ulong.MaxValue, takes: true);
    }

    public int HarvestIndices(Span<ulong> destination, ref ulong cursor)
    {
        _bitmap.ThrowIfDisposed();
        ulong pages = Pages;
        TrackedPages.CheckCursor(cursor, pages);
        return _bitmap.Indices<AlwaysOr>(destination, ref cursor, pages, takes: true);
    }

    public void Dispose() => _bitmap.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckPage(ulong page)
    {
        if (page >= Pages)
            ThrowPage(page);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowPage(ulong page)
    {
        _bitmap.ThrowIfDisposed();
        TrackedPages.ThrowPage(page, Pages);
    }

    private readonly struct NoSink : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
        }
    }
}
