using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Cores;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>A <see cref="DirtyBitmap"/> whose marks follow a discipline of the caller's choice.</summary>
/// <remarks>
/// <inheritdoc cref="DirtyBitmap" path="/remarks"/>
/// Which discipline suits what is in docs/bitmaps.md. A mark that is skipped since the page is dirty is as good as one that is not: the harvest that
/// cleans the page copies it with the store before the mark.
/// </remarks>
/// <typeparam name="TMarking"><see cref="AlwaysOr"/>, <see cref="TestBehindFence"/> or <see cref="TestBeforeBarrier"/>.</typeparam>
public sealed partial class DirtyBitmap<TMarking> : IDisposable
    where TMarking : struct, IMarking
{
    private readonly DirtyBitmapCore<HardwareOrdering> _core;

    /// <inheritdoc cref="DirtyBitmap(ulong)"/>
    public DirtyBitmap(ulong pages)
    {
        DirtyBitmap.CheckPages(pages, DirtyBitmap.MaximumPages);
        using var block = new NativeBlock<ulong>((nuint)DirtyBitmapCore<HardwareOrdering>.WordsFor(pages));
        _core = new DirtyBitmapCore<HardwareOrdering>(block.View, pages);
    }

    /// <inheritdoc cref="DirtyBitmap.ForBytes"/>
    public DirtyBitmap(ulong bytes, Granule granule)
        : this(DirtyBitmap.CheckBytes(bytes, granule)) => Granule = granule;

    /// <inheritdoc cref="DirtyBitmap(NativeView{ulong}, ulong)"/>
    public DirtyBitmap(NativeView<ulong> words, ulong pages)
    {
        DirtyBitmap.CheckPages(pages, Math.Min((ulong)words.Length, DirtyBitmap.MaximumPages / 64) * 64);
        _core = new DirtyBitmapCore<HardwareOrdering>(words, pages);
    }

    /// <inheritdoc cref="DirtyBitmap.Pages"/>
    public ulong Pages => _core.Pages;

    /// <summary>The size of a page in bytes, for calls that take addresses: 4 KiB unless the constructor was told another one.</summary>
    public Granule Granule { get; } = Granule.Page;

    /// <inheritdoc cref="DirtyBitmap.StrayBits"/>
    public ulong StrayBits => _core.StrayBits;

    /// <summary>Marks a page dirty.</summary>
    /// <inheritdoc cref="DirtyBitmap.Mark" path="/*[not(self::summary)]"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page) => _core.Mark<TMarking>(page);

    /// <inheritdoc cref="DirtyBitmap.TryMark"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page) => _core.TryMark<TMarking>(page);

    /// <summary>Marks neighbouring pages dirty: at most one atomic or for each word. A concurrent harvest may meet some of them and not others.</summary>
    /// <inheritdoc cref="DirtyBitmap.MarkRange" path="/*[not(self::summary)]"/>
    public void MarkRange(ulong first, ulong count) => _core.MarkRange<TMarking>(first, count);

    /// <inheritdoc cref="DirtyBitmap.TryMarkRange"/>
    public ulong TryMarkRange(ulong first, ulong count) => _core.TryMarkRange<TMarking>(first, count);

    /// <inheritdoc cref="DirtyBitmap.MarkRectangle"/>
    public void MarkRectangle(ulong first, ulong width, ulong height, ulong stride) =>
        _core.MarkRectangle<TMarking>(first, width, height, stride);

    /// <inheritdoc cref="DirtyBitmap.MarkBytes"/>
    public void MarkBytes(ulong address, ulong length) => _core.MarkBytes<TMarking>(Granule, address, length);

    /// <inheritdoc cref="DirtyBitmap.OpenMarkView"/>
    public MarkView OpenMarkView() => _core.OpenMarkView(Granule);

    /// <inheritdoc cref="DirtyBitmap.IsDirty"/>
    public bool IsDirty(ulong page) => _core.IsDirty(page);

    /// <inheritdoc cref="DirtyBitmap.Count"/>
    public ulong Count() => _core.Count();

    /// <inheritdoc cref="DirtyBitmap.HarvestMasks{TSink}(ref TSink)"/>
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct => _core.HarvestMasks<TMarking, TSink>(ref sink);

    /// <inheritdoc cref="DirtyBitmap.HarvestRuns{TSink}(ref TSink)"/>
    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct => _core.HarvestRuns<TMarking, TSink>(ref sink);

    /// <inheritdoc cref="DirtyBitmap.HarvestIndices(Span{ulong}, ref ulong)"/>
    public int HarvestIndices(Span<ulong> destination, ref ulong cursor) =>
        _core.Indices<TMarking>(destination, ref cursor, Pages, takes: true);

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();
}
