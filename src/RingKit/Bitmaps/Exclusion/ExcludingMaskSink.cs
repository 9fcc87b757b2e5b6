namespace RingKit.Bitmaps.Exclusion;

/// <summary>Hands masks on without pages that are excluded, such as devices' registers and ROM.</summary>
/// <remarks>
/// Excluded pages are taken by the harvest, clean afterwards, and dropped. If the sink throws, they are dirty again with their
/// word. A budget of pages, and what a harvest returns, counts them.
/// </remarks>
/// <param name="sink">Takes what is left. It is not called for a mask of excluded pages alone.</param>
/// <param name="excluded">Bit i is page i, as <see cref="DirtyBitmap.CopyTo(Span{ulong})"/> lays them out. Pages behind the last word are not excluded.</param>
/// <typeparam name="TSink">The sink's type.</typeparam>
public readonly ref struct ExcludingMaskSink<TSink>(ref TSink sink, ReadOnlySpan<ulong> excluded) : IDirtyMaskSink
    where TSink : struct, IDirtyMaskSink
{
    private readonly ref TSink _sink = ref sink;
    private readonly ReadOnlySpan<ulong> _excluded = excluded;

    /// <inheritdoc/>
    public void Accept(ulong firstPage, ulong mask)
    {
        ulong word = firstPage >> 6;
        if (word < (uint)_excluded.Length)
            mask &= ~_excluded[(int)word];
        if (mask != 0)
            _sink.Accept(firstPage, mask);
    }
}
