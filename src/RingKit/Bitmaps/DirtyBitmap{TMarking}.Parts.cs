namespace RingKit.Bitmaps;

/// <summary>Harvests of a part of the bitmap, harvests that stop and go on, and clearing.</summary>
public sealed partial class DirtyBitmap<TMarking>
{
    /// <inheritdoc cref="DirtyBitmap.HarvestMasks{TSink}(ref TSink, ulong, ulong)"/>
    public void HarvestMasks<TSink>(ref TSink sink, ulong first, ulong count)
        where TSink : struct, IDirtyMaskSink, allows ref struct =>
        _core.Masks<TMarking, TSink>(ref sink, ref first, _core.EndOf(first, count), ulong.MaxValue, takes: true);

    /// <inheritdoc cref="DirtyBitmap.HarvestMasks{TSink}(ref TSink, ref ulong, ulong, ulong)"/>
    public ulong HarvestMasks<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages)
        where TSink : struct, IDirtyMaskSink, allows ref struct =>
        _core.Masks<TMarking, TSink>(ref sink, ref cursor, end, maximumPages, takes: true);

    /// <inheritdoc cref="DirtyBitmap.HarvestRuns{TSink}(ref TSink, ulong, ulong)"/>
    public void HarvestRuns<TSink>(ref TSink sink, ulong first, ulong count)
        where TSink : struct, IDirtyRunSink, allows ref struct =>
        _core.Runs<TMarking, TSink>(ref sink, ref first, _core.EndOf(first, count), ulong.MaxValue, takes: true);

    /// <inheritdoc cref="DirtyBitmap.HarvestRuns{TSink}(ref TSink, ref ulong, ulong, ulong)"/>
    public ulong HarvestRuns<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages)
        where TSink : struct, IDirtyRunSink, allows ref struct =>
        _core.Runs<TMarking, TSink>(ref sink, ref cursor, end, maximumPages, takes: true);

    /// <inheritdoc cref="DirtyBitmap.HarvestIndices(Span{ulong}, ref ulong, ulong)"/>
    public int HarvestIndices(Span<ulong> destination, ref ulong cursor, ulong end) =>
        _core.Indices<TMarking>(destination, ref cursor, end, takes: true);

    /// <inheritdoc cref="DirtyBitmap.ClearMask"/>
    public ulong ClearMask(ulong firstPage, ulong mask) => _core.ClearMask<TMarking>(firstPage, mask);

    /// <inheritdoc cref="DirtyBitmap.ClearRange"/>
    public ulong ClearRange(ulong first, ulong count) => _core.ClearRange<TMarking>(first, count);
}
