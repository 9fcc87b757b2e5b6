using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Growing;

/// <summary>A dirty bitmap that gets more pages while others mark and harvest it, such as for memory that is plugged in.</summary>
/// <remarks>
/// Thread role: as <see cref="IDirtyTracker"/> says; <see cref="Grow"/> by one thread at a time, concurrently with all others. The words for
/// <see cref="MaximumPages"/> are reserved at once and cost no memory until they are marked. New pages are clean. A mark of a new page is
/// in the harvest that begins behind it, even if the harvesting thread has not been told of the growth.
/// <see cref="IDisposable.Dispose"/> when all threads have ended.
/// </remarks>
public sealed class GrowingDirtyBitmap : IDirtyTracker
{
    private readonly GrowingDirtyBitmapCore<HardwareOrdering> _core;

    /// <summary>Makes a bitmap without dirty pages.</summary>
    /// <param name="pages">How many pages at first, from 1.</param>
    /// <param name="maximumPages">How many there can be, from <paramref name="pages"/> to <see cref="DirtyBitmap.MaximumPages"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none of these.</exception>
    public GrowingDirtyBitmap(ulong pages, ulong maximumPages)
    {
        TrackedPages.CheckCount(pages, DirtyBitmap.MaximumPages);
        if (maximumPages < pages || maximumPages > DirtyBitmap.MaximumPages)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maximumPages), maximumPages, $"The maximum must be from {pages} to {DirtyBitmap.MaximumPages} pages.");
        }

        Whole = new DirtyBitmap(maximumPages);
        _core = new GrowingDirtyBitmapCore<HardwareOrdering>(Whole.Core, pages);
    }

    /// <summary>How many pages there are by now.</summary>
    public ulong Pages => _core.Pages;

    /// <summary>How many pages there can be.</summary>
    public ulong MaximumPages => Whole.Pages;

    /// <summary>
    /// The same bits as a bitmap of <see cref="MaximumPages"/>, for cursors and budgets, clearing, <see cref="Phases.DirtyTake"/>,
    /// <see cref="Clients.DirtyClients"/> and <see cref="MarkView"/>. It does not know how many pages there are: what is marked beyond them waits for them to come.
    /// </summary>
    public DirtyBitmap Whole { get; }

    /// <summary>Sets how many pages there are: as many as there were, or more.</summary>
    /// <param name="pages">From <see cref="Pages"/> to <see cref="MaximumPages"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void Grow(ulong pages) => _core.Grow(pages);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page) => _core.Mark(page);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page) => _core.TryMark(page);

    /// <inheritdoc/>
    public void MarkRange(ulong first, ulong count) => _core.MarkRange(first, count);

    /// <inheritdoc/>
    public bool IsDirty(ulong page) => _core.IsDirty(page);

    /// <inheritdoc/>
    public ulong Count() => _core.Count();

    /// <inheritdoc/>
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct => _core.HarvestMasks(ref sink);

    /// <inheritdoc/>
    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct => _core.HarvestRuns(ref sink);

    /// <inheritdoc/>
    public int HarvestIndices(Span<ulong> destination, ref ulong cursor) => _core.HarvestIndices(destination, ref cursor);

    /// <summary>Writes the pages that there are by now to a stream and leaves them dirty, as <see cref="DirtyBitmap.Save"/> does.</summary>
    /// <param name="stream">Where it is written, from its position on. It is not closed.</param>
    /// <exception cref="ArgumentNullException">There is no stream.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void Save(Stream stream) => Whole.Core.Save(stream, Pages, Whole.Granule);

    /// <summary>Marks the pages that were dirty when they were saved, of as many as there are by now. Those that are dirty now stay so.</summary>
    /// <param name="stream">What <see cref="Save"/> has written; it is read from its position on, not beyond it, and not closed.</param>
    /// <returns>How many of the pages were clean.</returns>
    /// <exception cref="ArgumentNullException">There is no stream.</exception>
    /// <exception cref="InvalidDataException">As <see cref="DirtyBitmap.Restore"/> says; with more pages, grow first. Nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong Restore(Stream stream) => Whole.Core.Restore<AlwaysOr>(stream, Pages, Whole.Granule);

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();
}
