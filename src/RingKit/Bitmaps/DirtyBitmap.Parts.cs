namespace RingKit.Bitmaps;

/// <summary>Harvests of a part of the bitmap, harvests that stop and go on, and clearing.</summary>
public sealed partial class DirtyBitmap
{
    /// <summary>Takes the dirty pages of a range, in ascending order, as 64-bit masks, and leaves them clean.</summary>
    /// <param name="sink">Takes the masks. If it throws, the mask that it did not take is dirty again, and so is all that was not reached.</param>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void HarvestMasks<TSink>(ref TSink sink, ulong first, ulong count)
        where TSink : struct, IDirtyMaskSink, allows ref struct =>
        _core.Masks<AlwaysOr, TSink>(ref sink, ref first, _core.EndOf(first, count), ulong.MaxValue, takes: true);

    /// <summary>Takes dirty pages as 64-bit masks from a cursor on, until the end of a part or of a budget, and leaves them clean.</summary>
    /// <param name="sink">Takes the masks. If it throws, the mask that it did not take is dirty again, and so is all that was not reached.</param>
    /// <param name="cursor">
    /// The page to go on from, at most <paramref name="end"/>; moved on, and equal to <paramref name="end"/> when there is nothing left. If
    /// the sink throws, the first page that it did not take.
    /// </param>
    /// <param name="end">The page behind the part, at most <see cref="Pages"/>. It bounds how much is looked through where little is dirty.</param>
    /// <param name="maximumPages">How many dirty pages at most. A word that has more is taken in part.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>How many dirty pages were taken. Pages behind the cursor that are marked again wait for the next round.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Cursor or end are beyond their bounds; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong HarvestMasks<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages)
        where TSink : struct, IDirtyMaskSink, allows ref struct => _core.Masks<AlwaysOr, TSink>(ref sink, ref cursor, end, maximumPages, takes: true);

    /// <summary>Takes the dirty pages of a range, in ascending order, as runs, which the range may cut, and leaves them clean.</summary>
    /// <param name="sink">Takes the runs. If it throws, the run that it did not take is dirty again, and so is all that was not reached.</param>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void HarvestRuns<TSink>(ref TSink sink, ulong first, ulong count)
        where TSink : struct, IDirtyRunSink, allows ref struct =>
        _core.Runs<AlwaysOr, TSink>(ref sink, ref first, _core.EndOf(first, count), ulong.MaxValue, takes: true);

    /// <summary>Takes dirty pages as runs from a cursor on, until the end of a part or of a budget, either of which may cut a run.</summary>
    /// <param name="sink">Takes the runs. If it throws, the run that it did not take is dirty again, and so is all that was not reached.</param>
    /// <param name="cursor">
    /// The page to go on from, at most <paramref name="end"/>; moved on, and equal to <paramref name="end"/> when there is nothing left. If
    /// the sink throws, the first page that it did not take.
    /// </param>
    /// <param name="end">The page behind the part, at most <see cref="Pages"/>. It bounds how much is looked through where little is dirty.</param>
    /// <param name="maximumPages">How many dirty pages at most. A word that has more is taken in part.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>How many dirty pages were taken. Pages behind the cursor that are marked again wait for the next round.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Cursor or end are beyond their bounds; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong HarvestRuns<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages)
        where TSink : struct, IDirtyRunSink, allows ref struct => _core.Runs<AlwaysOr, TSink>(ref sink, ref cursor, end, maximumPages, takes: true);

    /// <summary>Takes dirty pages of a part one by one, in ascending order, as many as there is room for, and leaves those clean.</summary>
    /// <param name="destination">Filled from its start; with 64 places or more it is faster. Places behind the pages may be overwritten.</param>
    /// <param name="cursor">The page to go on from; moved on, and equal to <paramref name="end"/> when there is nothing left.</param>
    /// <param name="end">The page behind the part, at most <see cref="Pages"/>.</param>
    /// <returns>How many pages were taken. Pages behind the cursor that are marked again wait for the next round.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Cursor or end are beyond their bounds; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public int HarvestIndices(Span<ulong> destination, ref ulong cursor, ulong end) =>
        _core.Indices<AlwaysOr>(destination, ref cursor, end, takes: true);

    /// <summary>Takes all dirty pages as runs for a <c>foreach</c> loop, in ascending order, and leaves them clean.</summary>
    /// <returns>The runs, whose pages are taken as the loop reaches them; what it does not reach stays dirty.</returns>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public DirtyRuns TakeRuns() => TakeRuns(0, Pages);

    /// <summary>Takes the dirty pages of a range as runs, which the range may cut, for a <c>foreach</c> loop, and leaves them clean.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>The runs, whose pages are taken as the loop reaches them; what it does not reach stays dirty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public DirtyRuns TakeRuns(ulong first, ulong count) => new(_core, first, count, takes: true);

    /// <summary>Takes chosen pages of one word: cleans them, and says which of them really were dirty. One atomic step.</summary>
    /// <remarks>A harvest of its own, by the harvesting thread: the stores behind the marks of the pages that it returns are visible.</remarks>
    /// <param name="firstPage">The page of bit 0: a multiple of 64, as an <see cref="IDirtyMaskSink"/> gets it.</param>
    /// <param name="mask">The pages to clean. Bits beyond the last page stand for nothing.</param>
    /// <returns>Those of them that were dirty. Of concurrent calls and harvests, exactly one gets each mark.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such word.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong ClearMask(ulong firstPage, ulong mask) => _core.ClearMask<AlwaysOr>(firstPage, mask);

    /// <summary>Takes the pages of a range: cleans them. One atomic step for each word that has dirty pages.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; 0 does nothing.</param>
    /// <returns>How many of them really were dirty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was cleaned.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong ClearRange(ulong first, ulong count) => _core.ClearRange<AlwaysOr>(first, count);
}
