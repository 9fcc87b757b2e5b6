using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Bytes;

/// <summary>A byte a page, as in a garbage collector's card table: marking is one plain store, and a harvest reads eight times a bitmap's memory.</summary>
/// <remarks>
/// Thread role: as <see cref="IDirtyTracker"/> says. A mark that has returned is in the harvest that begins next, unless an
/// earlier one has taken it. Marking does not depend on the other threads that mark, but <see cref="TryMark"/> is an atomic exchange. Code that a JIT makes
/// may mark through <see cref="DangerousBytes"/>: store to the page, then 1 to byte i for page i, in this order, a release, and without
/// looking whether it is 1 already. <see cref="IDisposable.Dispose"/> when all threads have ended.
/// </remarks>
public sealed unsafe class DirtyByteMap : IDirtyTracker
{
    /// <summary>2^46 pages.</summary>
    public const ulong MaximumPages = 1UL << 46;

    private readonly DirtyByteMapCore<HardwareOrdering> _core;

    /// <summary>Makes a map without dirty pages, in memory of its own.</summary>
    /// <param name="pages">How many pages, from 1 to <see cref="MaximumPages"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public DirtyByteMap(ulong pages)
    {
        TrackedPages.CheckCount(pages, MaximumPages);
        using var block = new NativeBlock<byte>((nuint)pages);
        DangerousBytes = block.View.DangerousPointer;
        _core = new DirtyByteMapCore<HardwareOrdering>(block.View, pages);
    }

    /// <summary>Lays a map over memory that exists, whose bytes stay as they are.</summary>
    /// <param name="bytes">One for each page, or more, from an address that is a multiple of 8. A byte that is not 0 is a dirty page.</param>
    /// <param name="pages">How many pages, from 1 to what the bytes hold.</param>
    /// <exception cref="ArgumentException">The address is no multiple of 8.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many pages.</exception>
    public DirtyByteMap(NativeView<byte> bytes, ulong pages)
    {
        TrackedPages.CheckCount(pages, Math.Min((ulong)bytes.Length, MaximumPages));
        if ((nuint)bytes.DangerousPointer % sizeof(ulong) != 0)
            throw new ArgumentException("The address must be a multiple of 8.", nameof(bytes));
        DangerousBytes = bytes.DangerousPointer;
        _core = new DirtyByteMapCore<HardwareOrdering>(bytes, pages);
    }

    /// <inheritdoc/>
    public ulong Pages => _core.Pages;

    /// <summary>The byte of page 0, for code that marks without a call. It is valid until the map is disposed.</summary>
    public byte* DangerousBytes { get; }

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

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();
}
