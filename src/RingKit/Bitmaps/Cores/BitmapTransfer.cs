using RingKit.Ordering;

namespace RingKit.Bitmaps.Cores;

/// <summary>Marks what it is given in another bitmap of as many pages: marks move, and the stores behind them with them.</summary>
internal readonly struct BitmapTransfer<TOrdering>(DirtyBitmapCore<TOrdering> target) : IDirtyMaskSink
    where TOrdering : struct, IOrdering
{
    public void Accept(ulong firstPage, ulong mask) => target.PutBack(firstPage, mask);
}
