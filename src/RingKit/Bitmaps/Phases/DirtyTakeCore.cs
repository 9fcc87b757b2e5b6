using RingKit.Bitmaps.Cores;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Phases;

/// <summary>Marks that were taken out of a bitmap and are held until somebody knows what has become of them.</summary>
internal sealed class DirtyTakeCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Marks move from the one to the other word by word: out by an exchange that acquires, in by an or that releases (E4). In between they
    // are with the thread that moves them, and in neither; the or merges them with marks made since.
    private readonly DirtyBitmapCore<TOrdering> _bitmap;

    public DirtyTakeCore(DirtyBitmapCore<TOrdering> bitmap, NativeView<ulong> words)
    {
        _bitmap = bitmap;
        Held = new DirtyBitmapCore<TOrdering>(words, bitmap.Pages);
    }

    /// <summary>The marks that are held.</summary>
    public DirtyBitmapCore<TOrdering> Held { get; }

    public ulong Take(ulong first, ulong count) => Move(_bitmap, Held, first, count);

    public ulong PutBack(ulong first, ulong count)
    {
        _bitmap.ThrowIfDisposed();
        return Move(Held, _bitmap, first, count);
    }

    /// <summary>Puts back what is held, unless the bitmap is gone.</summary>
    public void Dispose()
    {
        if (!_bitmap.IsDisposed && !Held.IsDisposed)
            PutBack(0, Held.Pages);
        Held.Dispose();
    }

    private static ulong Move(DirtyBitmapCore<TOrdering> from, DirtyBitmapCore<TOrdering> to, ulong first, ulong count)
    {
        to.ThrowIfDisposed();
        var transfer = new BitmapTransfer<TOrdering>(to);
        return from.Masks<AlwaysOr, BitmapTransfer<TOrdering>>(ref transfer, ref first, from.EndOf(first, count), ulong.MaxValue, takes: true);
    }
}
