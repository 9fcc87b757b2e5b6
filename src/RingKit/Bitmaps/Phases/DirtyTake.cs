using RingKit.Bitmaps.Cores;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Phases;

/// <summary>A harvest in two phases: takes dirty pages and holds them, until they are confirmed or put back.</summary>
/// <remarks>
/// For transfers that may fail after the harvest: take, read and send, and when the other side has answered, confirm what has arrived and put
/// back the rest. Marks that writers make meanwhile stay in the bitmap; a page that is put back merges with them. A page that is held is clean
/// in the bitmap.
/// <para>
/// Thread role: <see cref="Take()"/> is a harvest of the bitmap, in the role of its harvesting thread; everything else by any threads,
/// concurrently: each page is confirmed or put back once.
/// </para>
/// A second take joins what is held. A page may then have been stored to since it was sent, so send all of it again before confirming;
/// for transfers that overlap, use one object each. It has as many words as the bitmap, and can be used again and again.
/// </remarks>
public sealed class DirtyTake : IDisposable
{
    private readonly DirtyTakeCore<HardwareOrdering> _core;

    /// <summary>Makes an empty one.</summary>
    /// <param name="bitmap">What it takes from and puts back into.</param>
    /// <exception cref="ArgumentNullException">There is no bitmap.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public DirtyTake(DirtyBitmap bitmap)
    {
        ArgumentNullException.ThrowIfNull(bitmap);
        bitmap.Core.ThrowIfDisposed();
        using var block = new NativeBlock<ulong>((nuint)DirtyBitmapCore<HardwareOrdering>.WordsFor(bitmap.Pages));
        _core = new DirtyTakeCore<HardwareOrdering>(bitmap.Core, block.View);
    }

    /// <summary>How many pages the bitmap stands for.</summary>
    public ulong Pages => _core.Held.Pages;

    /// <summary>How many pages are held.</summary>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong Count() => _core.Held.Count();

    /// <summary>Whether a page is held. If so, the stores behind its mark are visible.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public bool IsHeld(ulong page) => _core.Held.IsDirty(page);

    /// <summary>Takes all dirty pages of the bitmap, which are clean there and held here.</summary>
    /// <returns>How many pages were taken, those included that were held already.</returns>
    /// <exception cref="ObjectDisposedException">This or the bitmap is disposed.</exception>
    public ulong Take() => _core.Take(0, Pages);

    /// <summary>Takes the dirty pages of a range.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many pages were taken, those included that were held already.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">This or the bitmap is disposed.</exception>
    public ulong Take(ulong first, ulong count) => _core.Take(first, count);

    /// <summary>Shows held pages as masks, from a cursor on, until the end of a part or of a budget. They stay held, even if the sink throws.</summary>
    /// <param name="sink">Is shown the masks.</param>
    /// <param name="cursor">
    /// The page to go on from; moved on, and equal to <paramref name="end"/> when there is nothing left. If the sink throws, the first page
    /// that it did not take.
    /// </param>
    /// <param name="end">The page behind the part, at most <see cref="Pages"/>.</param>
    /// <param name="maximumPages">How many held pages at most.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>How many pages were shown.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Cursor or end are beyond their bounds.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong ReadMasks<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages)
        where TSink : struct, IDirtyMaskSink, allows ref struct => _core.Held.Masks<AlwaysOr, TSink>(ref sink, ref cursor, end, maximumPages, takes: false);

    /// <summary>Shows all held pages as masks. They stay held, even if the sink throws.</summary>
    /// <param name="sink">Is shown the masks.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public void ReadMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ulong cursor = 0;
        ReadMasks(ref sink, ref cursor, Pages, ulong.MaxValue);
    }

    /// <summary>Shows held pages as runs, from a cursor on, until the end of a part or of a budget. They stay held, even if the sink throws.</summary>
    /// <param name="sink">Is shown the runs.</param>
    /// <param name="cursor">
    /// The page to go on from; moved on, and equal to <paramref name="end"/> when there is nothing left. If the sink throws, the first page
    /// that it did not take.
    /// </param>
    /// <param name="end">The page behind the part, at most <see cref="Pages"/>.</param>
    /// <param name="maximumPages">How many held pages at most.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>How many pages were shown.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Cursor or end are beyond their bounds.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong ReadRuns<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages)
        where TSink : struct, IDirtyRunSink, allows ref struct => _core.Held.Runs<AlwaysOr, TSink>(ref sink, ref cursor, end, maximumPages, takes: false);

    /// <summary>Shows all held pages as runs. They stay held, even if the sink throws.</summary>
    /// <param name="sink">Is shown the runs.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public void ReadRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ulong cursor = 0;
        ReadRuns(ref sink, ref cursor, Pages, ulong.MaxValue);
    }

    /// <summary>All held pages as runs for a <c>foreach</c> loop, in ascending order. They stay held.</summary>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public DirtyRuns HeldRuns() => HeldRuns(0, Pages);

    /// <summary>The held pages of a range as runs for a <c>foreach</c> loop, in ascending order. They stay held. The range may cut a run.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public DirtyRuns HeldRuns(ulong first, ulong count) => new(_core.Held, first, count, takes: false);

    /// <summary>Writes held pages one by one, as many as there is room for. They stay held.</summary>
    /// <param name="destination">Filled from its start; with 64 places or more it is faster. Places behind the pages may be overwritten.</param>
    /// <param name="cursor">The page to go on from; moved on, and equal to <see cref="Pages"/> when there is nothing left.</param>
    /// <returns>How many pages were written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The cursor is beyond the last page.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public int ReadIndices(Span<ulong> destination, ref ulong cursor) =>
        _core.Held.Indices<AlwaysOr>(destination, ref cursor, Pages, takes: false);

    /// <summary>All held pages have arrived: they are held no longer.</summary>
    /// <returns>How many pages that were.</returns>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong Confirm() => Confirm(0, Pages);

    /// <summary>The held pages of a range have arrived.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many of them were held.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was confirmed.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong Confirm(ulong first, ulong count) => _core.Held.ClearRange<AlwaysOr>(first, count);

    /// <summary>Chosen held pages of one word have arrived.</summary>
    /// <param name="firstPage">The page of bit 0: a multiple of 64.</param>
    /// <param name="mask">The pages.</param>
    /// <returns>Those of them that were held.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such word.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong ConfirmMask(ulong firstPage, ulong mask) => _core.Held.ClearMask<AlwaysOr>(firstPage, mask);

    /// <summary>Marks all held pages dirty again: the transfer has failed, or its rest has.</summary>
    /// <returns>How many pages that were.</returns>
    /// <exception cref="ObjectDisposedException">This or the bitmap is disposed.</exception>
    public ulong PutBack() => PutBack(0, Pages);

    /// <summary>Marks the held pages of a range dirty again.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many of them were held.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was put back.</exception>
    /// <exception cref="ObjectDisposedException">This or the bitmap is disposed.</exception>
    public ulong PutBack(ulong first, ulong count) => _core.PutBack(first, count);

    /// <summary>Puts back what is still held, unless the bitmap is disposed already.</summary>
    public void Dispose() => _core.Dispose();
}
