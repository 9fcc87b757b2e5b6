namespace RingKit.Bitmaps;

/// <summary>What all dirty trackers do: any number of threads mark pages, one harvests them, and no mark is lost.</summary>
/// <remarks>
/// Thread role: marking and reading by any threads, concurrently with a harvest; harvests by one thread at a time. Who harvests a page
/// sees every store that its writer made before the mark. A page marked during a harvest is in it or in the next one.
/// <para>
/// For code that is to work with each of them, such as tests and comparisons. A call through the interface is not inlined, so whatever
/// marks often names its tracker's class. docs/bitmaps.md says which tracker costs what.
/// </para>
/// </remarks>
public interface IDirtyTracker : IDisposable
{
    /// <summary>How many pages there are, clean ones included.</summary>
    ulong Pages { get; }

    /// <summary>Marks a page dirty. It is never skipped because the page is dirty already.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is disposed.</exception>
    void Mark(ulong page);

    /// <summary>Marks a page dirty and says whether it was clean.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <returns>True if this call made it dirty: of concurrent ones, exactly one.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is disposed.</exception>
    bool TryMark(ulong page);

    /// <summary>Marks neighbouring pages dirty. A concurrent harvest may meet some of them and not others.</summary>
    /// <param name="first">The first page, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; 0 does nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the tracker; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is disposed.</exception>
    void MarkRange(ulong first, ulong count);

    /// <summary>Whether a page is dirty. Any thread may change that at any time.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is disposed.</exception>
    bool IsDirty(ulong page);

    /// <summary>How many pages are dirty. With concurrent writers, a figure that was never quite true.</summary>
    /// <exception cref="ObjectDisposedException">The tracker is disposed.</exception>
    ulong Count();

    /// <summary>Takes all dirty pages as 64-bit masks, and leaves them clean. Ascending, unless the tracker says otherwise.</summary>
    /// <param name="sink">Takes the masks. If it throws, the mask that it did not take is dirty again, and so is all that was not reached.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The tracker is disposed.</exception>
    void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct;

    /// <summary>Takes all dirty pages as runs, and leaves them clean. Ascending, and joined across words, unless the tracker says otherwise.</summary>
    /// <param name="sink">Takes the runs. If it throws, the run that it did not take is dirty again, and so is all that was not reached.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The tracker is disposed.</exception>
    void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct;

    /// <summary>Takes dirty pages one by one, as many as there is room for, and leaves those clean.</summary>
    /// <param name="destination">Filled from its start.</param>
    /// <param name="cursor">Where to go on, 0 at first; moved on, and equal to <see cref="Pages"/> when the round is done.</param>
    /// <returns>How many pages were taken.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The cursor is beyond the last page.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is disposed.</exception>
    int HarvestIndices(Span<ulong> destination, ref ulong cursor);
}
