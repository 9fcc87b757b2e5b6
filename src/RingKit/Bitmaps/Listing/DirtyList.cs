using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Rings;
using RingKit.Rings.Cores;

namespace RingKit.Bitmaps.Listing;

/// <summary>
/// A dirty bitmap with a log of the words that are not 0: a harvest visits those and nothing else. For taking a snapshot back thousands of
/// times a second.
/// </summary>
/// <remarks>
/// Thread role: as <see cref="IDirtyTracker"/> says. A harvest gives words in the order in which each was first marked, not ascending;
/// pages of one word are ascending. Runs join only where neighbouring words come one after the other. A mark that found its word clean and has
/// returned is in the next harvest; one that did not waits for the marker that did, if that one is still under way, and so do entries logged
/// behind that marker's. When no mark is under way, a harvest takes all. With the log full, the next harvest looks at all words
/// (<see cref="Scans"/>). <see cref="IDisposable.Dispose"/> when all threads have ended.
/// </remarks>
public sealed class DirtyList : IDirtyTracker
{
    /// <summary>2^52 pages.</summary>
    public const ulong MaximumPages = DirtyBitmap.MaximumPages;

    /// <summary>The largest log that is made unasked: 768 KiB.</summary>
    public const int DefaultCapacity = 1 << 16;

    private readonly DirtyListCore<HardwareOrdering> _core;

    /// <summary>Makes a list without dirty pages, with a log for each word or of the <see cref="DefaultCapacity"/>, whichever is less.</summary>
    /// <param name="pages">How many pages, from 1 to <see cref="MaximumPages"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public DirtyList(ulong pages)
        : this(pages, (int)Math.Min(BitOperations.RoundUpToPowerOf2(Math.Clamp(pages, 1, MaximumPages) + 63 >> 6), DefaultCapacity))
    {
    }

    /// <summary>Makes a list without dirty pages.</summary>
    /// <param name="pages">How many pages, from 1 to <see cref="MaximumPages"/>.</param>
    /// <param name="capacity">
    /// How many words of 64 pages the log holds: a power of two from 1 to <see cref="SharedRingLayout.MaximumCapacity"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none of these.</exception>
    public DirtyList(ulong pages, int capacity)
    {
        TrackedPages.CheckCount(pages, MaximumPages);
        RingShape.CheckCapacity(capacity);
        Capacity = capacity;
        var shape = new RingShape(SharedRingLayout.KindMpsc, sizeof(ulong), (uint)capacity, (uint)FullPolicy.Reject, Cursors: 0);
        using var ring = new NativeBlock<byte>(shape.Length, SharedRingLayout.Alignment);
        shape.Format<HardwareOrdering>(ring.View, startIndex: 0);
        using var block = new NativeBlock<ulong>((nuint)((pages + 63) / 64));
        _core = new DirtyListCore<HardwareOrdering>(
            block.View, new MpscCore<ulong, HardwareOrdering>(ring.View, shape, canSleep: false, isShared: false), pages);
    }

    /// <inheritdoc/>
    public ulong Pages => _core.Pages;

    /// <summary>How many words of 64 pages the log holds.</summary>
    public int Capacity { get; }

    /// <summary>How often a harvest had to look at all words, because the log had been full. For the harvesting thread.</summary>
    public ulong Scans => _core.Scans;

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
    /// <remarks>It looks at all words.</remarks>
    public ulong Count() => _core.Count();

    /// <inheritdoc/>
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct => _core.HarvestMasks(ref sink);

    /// <inheritdoc/>
    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct => _core.HarvestRuns(ref sink);

    /// <inheritdoc/>
    /// <remarks>The cursor is no page here: 0 begins a round, and <see cref="Pages"/> says that it is done.</remarks>
    public int HarvestIndices(Span<ulong> destination, ref ulong cursor) => _core.HarvestIndices(destination, ref cursor);

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();
}
