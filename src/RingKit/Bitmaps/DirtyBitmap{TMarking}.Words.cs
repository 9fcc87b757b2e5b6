namespace RingKit.Bitmaps;

/// <summary>Marks from other bitmaps, looks and harvests into them, and saving.</summary>
public sealed partial class DirtyBitmap<TMarking>
{
    /// <inheritdoc cref="DirtyBitmap.MarkAll"/>
    public void MarkAll() => _core.MarkRange<TMarking>(0, Pages);

    /// <inheritdoc cref="DirtyBitmap.MarkFrom(ReadOnlySpan{ulong})"/>
    public ulong MarkFrom(ReadOnlySpan<ulong> source) => MarkFrom(source, 0, Pages);

    /// <inheritdoc cref="DirtyBitmap.MarkFrom(ReadOnlySpan{ulong}, ulong, ulong)"/>
    public ulong MarkFrom(ReadOnlySpan<ulong> source, ulong firstPage, ulong count) => _core.MarkFrom<TMarking>(source, firstPage, count);

    /// <inheritdoc cref="DirtyBitmap.MarkFromKvm(ReadOnlySpan{byte})"/>
    public ulong MarkFromKvm(ReadOnlySpan<byte> source) => MarkFromKvm(source, 0, Pages);

    /// <inheritdoc cref="DirtyBitmap.MarkFromKvm(ReadOnlySpan{byte}, ulong, ulong)"/>
    public ulong MarkFromKvm(ReadOnlySpan<byte> source, ulong firstPage, ulong count) => _core.MarkFromKvm<TMarking>(source, firstPage, count);

    /// <inheritdoc cref="DirtyBitmap.MarkFromWhp"/>
    public ulong MarkFromWhp(ReadOnlySpan<ulong> source, ulong firstPage, ulong count) => _core.MarkFromWhp<TMarking>(source, firstPage, count);

    /// <inheritdoc cref="DirtyBitmap.CopyTo(Span{ulong})"/>
    public void CopyTo(Span<ulong> destination) => _core.CopyTo(destination);

    /// <inheritdoc cref="DirtyBitmap.CopyTo(Span{ulong}, ulong, ulong)"/>
    public void CopyTo(Span<ulong> destination, ulong firstPage, ulong count) => _core.CopyTo(destination, firstPage, count);

    /// <inheritdoc cref="DirtyBitmap.CopyToKvm(Span{byte})"/>
    public int CopyToKvm(Span<byte> destination) => _core.CopyToKvm(destination);

    /// <inheritdoc cref="DirtyBitmap.CopyToKvm(Span{byte}, ulong, ulong)"/>
    public int CopyToKvm(Span<byte> destination, ulong firstPage, ulong count) => _core.CopyToKvm(destination, firstPage, count);

    /// <inheritdoc cref="DirtyBitmap.HarvestWords(Span{ulong})"/>
    public ulong HarvestWords(Span<ulong> destination) => HarvestWords(destination, 0, Pages);

    /// <inheritdoc cref="DirtyBitmap.HarvestWords(Span{ulong}, ulong, ulong)"/>
    public ulong HarvestWords(Span<ulong> destination, ulong firstPage, ulong count) =>
        _core.HarvestWords<TMarking>(destination, firstPage, count);

    /// <inheritdoc cref="DirtyBitmap.Save"/>
    public void Save(Stream stream) => _core.Save(stream, Pages, Granule);

    /// <inheritdoc cref="DirtyBitmap.Restore"/>
    public ulong Restore(Stream stream) => _core.Restore<TMarking>(stream, Pages, Granule);
}
