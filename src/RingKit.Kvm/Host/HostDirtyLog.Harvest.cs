using RingKit.Bitmaps;

namespace RingKit.Kvm.Host;

/// <content>Harvests, whole and in parts.</content>
public sealed unsafe partial class HostDirtyLog
{
    /// <inheritdoc/>
    /// <exception cref="HostTrackingException">The memory is not mapped any more. What was found is in the bitmap, and stays there.</exception>
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        Collect(0, Pages, ulong.MaxValue);
        _pending.HarvestMasks(ref sink);
    }

    /// <summary>Takes dirty pages as 64-bit masks from a cursor on, until the end of a part or of a budget, and leaves them clean.</summary>
    /// <param name="sink">Takes the masks. If it throws, the mask that it did not take is dirty again, and so is all that was not reached.</param>
    /// <param name="cursor">The page to go on from, at most <paramref name="end"/>; moved on, and equal to <paramref name="end"/> when there is nothing left.</param>
    /// <param name="end">The page behind the part, at most <see cref="Pages"/>. The kernel looks no further.</param>
    /// <param name="maximumPages">How many dirty pages at most. A word that has more is taken in part.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>How many dirty pages were taken. Pages behind the cursor that are written again wait for the next round.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Cursor or end are beyond their bounds; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">The log is disposed.</exception>
    /// <exception cref="HostTrackingException">The memory is not mapped any more.</exception>
    public ulong HarvestMasks<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ulong reached = CollectPart(cursor, end, maximumPages);
        return _pending.HarvestMasks(ref sink, ref cursor, reached, maximumPages);
    }

    /// <inheritdoc/>
    /// <exception cref="HostTrackingException">The memory is not mapped any more. What was found is in the bitmap, and stays there.</exception>
    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        Collect(0, Pages, ulong.MaxValue);
        _pending.HarvestRuns(ref sink);
    }

    /// <summary>Takes dirty pages as runs from a cursor on, until the end of a part or of a budget, either of which may cut a run.</summary>
    /// <inheritdoc cref="HarvestMasks{TSink}(ref TSink, ref ulong, ulong, ulong)"/>
    public ulong HarvestRuns<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ulong reached = CollectPart(cursor, end, maximumPages);
        return _pending.HarvestRuns(ref sink, ref cursor, reached, maximumPages);
    }

    /// <inheritdoc/>
    /// <exception cref="HostTrackingException">The memory is not mapped any more.</exception>
    public int HarvestIndices(Span<ulong> destination, ref ulong cursor)
    {
        ulong reached = CollectPart(cursor, Pages, (ulong)destination.Length);
        return _pending.HarvestIndices(destination, ref cursor, reached);
    }

    // The lowest ones, as many as can be handed over. The bitmap goes no further than the kernel went: its cursor would pass pages that are still the kernel's.
    private ulong CollectPart(ulong cursor, ulong end, ulong maximumPages)
    {
        if (end > Pages)
            throw new ArgumentOutOfRangeException(nameof(end), end, $"There are {Pages} pages.");
        if (cursor > end)
            throw new ArgumentOutOfRangeException(nameof(cursor), cursor, $"The part ends at page {end}.");
        return Collect(cursor, end, maximumPages);
    }
}
