using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Cores;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>One bit a page: marked by any number of threads, harvested by one, in the bit order of KVM's dirty log.</summary>
/// <remarks>
/// Thread role: marking and reading by any threads, concurrently with a harvest; harvests by one thread at a time. Who harvests a
/// page sees every store that its writer made before the mark. A harvest is no snapshot: a page marked meanwhile is either in it or in
/// the next one. Bit i of byte i / 8 stands for page i, as in KVM_GET_DIRTY_LOG. <see cref="Dispose"/> when all threads have ended.
/// Marks follow the discipline of <see cref="AlwaysOr"/>; <see cref="DirtyBitmap{TMarking}"/> has the choice.
/// </remarks>
public sealed partial class DirtyBitmap : IDirtyTracker
{
    /// <summary>2^52 pages.</summary>
    public const ulong MaximumPages = 1UL << 52;

    private readonly DirtyBitmapCore<HardwareOrdering> _core;

    /// <summary>Makes a bitmap without dirty pages, in memory of its own.</summary>
    /// <param name="pages">How many pages, from 1 to <see cref="MaximumPages"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public DirtyBitmap(ulong pages)
    {
        CheckPages(pages, MaximumPages);
        using var block = new NativeBlock<ulong>((nuint)DirtyBitmapCore<HardwareOrdering>.WordsFor(pages));
        _core = new DirtyBitmapCore<HardwareOrdering>(block.View, pages);
    }

    /// <summary>Lays a bitmap over memory that exists, whose bits stay as they are.</summary>
    /// <param name="words">One word for each 64 pages, or more. Bits beyond the last page never reach a sink.</param>
    /// <param name="pages">How many pages, from 1 to what the words hold.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public DirtyBitmap(NativeView<ulong> words, ulong pages)
    {
        CheckPages(pages, Math.Min((ulong)words.Length, MaximumPages / 64) * 64);
        _core = new DirtyBitmapCore<HardwareOrdering>(words, pages);
    }

    private DirtyBitmap(ulong pages, Granule granule)
        : this(pages) => Granule = granule;

    /// <summary>Makes a bitmap without dirty pages for memory of so many bytes.</summary>
    /// <param name="bytes">From 1; a last granule may be there in part. At most <see cref="MaximumPages"/> granules.</param>
    /// <param name="granule">The size of its pages.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are too few or too many bytes.</exception>
    public static DirtyBitmap ForBytes(ulong bytes, Granule granule) => new(CheckBytes(bytes, granule), granule);

    internal DirtyBitmapCore<HardwareOrdering> Core => _core;

    /// <summary>How many pages the bitmap stands for.</summary>
    public ulong Pages => _core.Pages;

    /// <summary>The size of a page in bytes, for calls that take addresses: 4 KiB unless <see cref="ForBytes"/> has made the bitmap.</summary>
    public Granule Granule { get; } = Granule.Page;

    /// <summary>Bits beyond the last page that harvests met and dropped: another party has set them.</summary>
    public ulong StrayBits => _core.StrayBits;

    /// <summary>Marks a page dirty: one atomic or, which never is skipped (see docs/bitmaps.md on the hazard of the skipped mark).</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page) => _core.Mark(page);

    /// <summary>Marks a page dirty and says whether it was clean.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <returns>True if this call made it dirty: of concurrent ones, exactly one.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page) => _core.TryMark(page);

    /// <summary>Marks neighbouring pages dirty: one atomic or for each word. A concurrent harvest may meet some of them and not others.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; 0 does nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void MarkRange(ulong first, ulong count) => _core.MarkRange(first, count);

    /// <summary>Marks neighbouring pages dirty, as <see cref="MarkRange"/> does, and says how many of them were clean.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; 0 does nothing.</param>
    /// <returns>How many pages this call made dirty: each of them is counted by one of concurrent calls.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong TryMarkRange(ulong first, ulong count) => _core.TryMarkRange<AlwaysOr>(first, count);

    /// <summary>Marks rows of pages that lie at equal distances, such as a tile of a display: one atomic or for each word, where rows share words too.</summary>
    /// <param name="first">The first page of the first row.</param>
    /// <param name="width">How many pages a row has; 0 does nothing.</param>
    /// <param name="height">How many rows; 0 does nothing.</param>
    /// <param name="stride">How many pages from the start of a row to the start of the next one; less than the width makes rows overlap.</param>
    /// <exception cref="ArgumentOutOfRangeException">A row is not inside the bitmap; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void MarkRectangle(ulong first, ulong width, ulong height, ulong stride) =>
        _core.MarkRectangle<AlwaysOr>(first, width, height, stride);

    /// <summary>Marks the pages that a range of bytes touches.</summary>
    /// <param name="address">The first byte's address, from 0.</param>
    /// <param name="length">How many bytes; 0 does nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap's pages; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void MarkBytes(ulong address, ulong length) => _core.MarkBytes<AlwaysOr>(Granule, address, length);

    /// <summary>Opens the words to code that marks without a call.</summary>
    /// <returns>A view that its caller disposes.</returns>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public MarkView OpenMarkView() => _core.OpenMarkView(Granule);

    /// <summary>Whether a page is dirty. Any thread may change that at any time.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public bool IsDirty(ulong page) => _core.IsDirty(page);

    /// <summary>Takes all dirty pages, in ascending order, as 64-bit masks, and leaves them clean.</summary>
    /// <param name="sink">Takes the masks. If it throws, the mask that it did not take is dirty again, and so is all that was not reached.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct => _core.HarvestMasks<AlwaysOr, TSink>(ref sink);

    /// <summary>Takes all dirty pages, in ascending order, as runs that join across words, and leaves them clean.</summary>
    /// <param name="sink">Takes the runs. If it throws, the run that it did not take is dirty again, and so is all that was not reached.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct => _core.HarvestRuns<AlwaysOr, TSink>(ref sink);

    /// <summary>Takes dirty pages one by one, in ascending order, as many as there is room for, and leaves those clean.</summary>
    /// <param name="destination">Filled from its start; with 64 places or more it is faster. Places behind the pages may be overwritten.</param>
    /// <param name="cursor">The page to go on from, 0 at first; moved on, and equal to <see cref="Pages"/> when the end is reached.</param>
    /// <returns>How many pages were taken. Pages behind the cursor that are marked again wait for the next round.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The cursor is beyond the last page.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public int HarvestIndices(Span<ulong> destination, ref ulong cursor) =>
        _core.Indices<AlwaysOr>(destination, ref cursor, Pages, takes: true);

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();

    internal static ulong CheckBytes(ulong bytes, Granule granule)
    {
        ulong pages = granule.PagesFor(bytes);
        return pages is > 0 and <= MaximumPages
            ? pages
            : throw new ArgumentOutOfRangeException(nameof(bytes), bytes, $"The bitmap must have from 1 to {MaximumPages} granules of {granule.Bytes} bytes.");
    }

    internal static void CheckPages(ulong pages, ulong maximum)
    {
        if (pages == 0 || pages > maximum)
            throw new ArgumentOutOfRangeException(nameof(pages), pages, $"The bitmap must have from 1 to {maximum} pages.");
    }
}
