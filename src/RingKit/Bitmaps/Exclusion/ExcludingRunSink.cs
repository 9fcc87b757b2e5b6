using RingKit.Bitmaps.Operations;

namespace RingKit.Bitmaps.Exclusion;

/// <summary>Hands runs on without pages that are excluded, at which a run is cut.</summary>
/// <remarks>
/// Excluded pages are taken by the harvest, clean afterwards, and dropped. If the sink throws, all of the run is dirty again, and so are
/// parts of it that the sink had taken. A budget of pages, and what a harvest returns, counts excluded ones.
/// </remarks>
/// <param name="sink">Takes what is left.</param>
/// <param name="excluded">Bit i is page i, as <see cref="DirtyBitmap.CopyTo(Span{ulong})"/> lays them out. Pages behind the last word are not excluded.</param>
/// <typeparam name="TSink">The sink's type.</typeparam>
public readonly ref struct ExcludingRunSink<TSink>(ref TSink sink, ReadOnlySpan<ulong> excluded) : IDirtyRunSink
    where TSink : struct, IDirtyRunSink
{
    private readonly ref TSink _sink = ref sink;
    private readonly ReadOnlySpan<ulong> _excluded = excluded;

    /// <inheritdoc/>
    public void Accept(ulong firstPage, ulong pageCount)
    {
        ulong end = firstPage + pageCount;
        ulong known = Math.Min(BitmapArguments.BitsOf(_excluded), end);
        for (ulong first = firstPage; first < end;)
        {
            ulong start = first < known ? BitmapSearch.NextClear(_excluded, known, first) : first;
            ulong stop = start < known ? BitmapSearch.NextSet(_excluded, known, start) : known;
            if (stop == known)
                stop = end;
            if (start < stop)
                _sink.Accept(start, stop - start);
            first = stop;
        }
    }
}
