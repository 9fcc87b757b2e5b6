using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Cores;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Overflow;

/// <summary>A dirty ring and a bitmap for each slot, one behind the other.</summary>
internal sealed unsafe class OverflowingCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // The producer, when the ring is full: 1. mark the bit (E4); 2. raise Overflowed by a release store (E25). Always both, in this order.
    // The collector: 1. harvest and reset the ring; 2. lower Overflowed by an exchange that acquires (E25); 3. take the bits (E4).
    // Their race: the producer marks while the collector recovers. Either its raising comes before the lowering in the order of that word:
    // then the exchange reads it, or a later one, and by E25 step 3 meets the bit. Or it comes after: then the flag stays raised, and the
    // next collection looks into the bitmaps. There is no third case, because the raising is never skipped, not even
    // when the flag is seen to be up: that sight may be older than the lowering. Taking the bits before lowering the flag would lose the
    // pages that are marked in between. While the flag is up the producer leaves the ring alone, so that all the ring holds is older
    // than all the bitmaps hold; a producer that sees the flag late merely uses the ring, or the bitmap, once more.
    private readonly DirtyRingCore<TOrdering> _ring;
    private readonly (uint Slot, DirtyBitmapCore<TOrdering> Bitmap)[] _bitmaps;
    private readonly NativeView<OverflowControl> _controlView = new NativeBlock<OverflowControl>(1).View;
    private readonly OverflowControl* _control;

    public OverflowingCore(DirtyRingCore<TOrdering> ring, IEnumerable<(uint Slot, DirtyBitmapCore<TOrdering> Bitmap)> bitmaps)
    {
        _ring = ring;
        _bitmaps = [.. bitmaps];
        _control = _controlView.DangerousPointer;
    }

    public DirtyRingCore<TOrdering> Ring => _ring;

    public ref OverflowControl Control => ref *_control;

    public bool IsOverflowed
    {
        get
        {
            bool overflowed = TOrdering.LoadRelaxed(ref _control->Overflowed) != 0;
            GC.KeepAlive(this);
            return overflowed;
        }
    }

    public ulong FallBacks
    {
        get
        {
            ulong count = TOrdering.LoadRelaxed(ref _control->FallBacks);
            GC.KeepAlive(this);
            return count;
        }
    }

    public void Dispose()
    {
        _ring.Dispose();
        foreach ((_, DirtyBitmapCore<TOrdering> bitmap) in _bitmaps)
            bitmap.Dispose();
    }

    /// <summary>Producer only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushResult Push(uint slot, ulong offset)
    {
        if (TOrdering.LoadRelaxed(ref _control->Overflowed) == 0)
        {
            PushResult result = _ring.TryPush(slot, offset);
            if (result != PushResult.Full)
                return result;
        }

        return FallBack(slot, offset);
    }

    /// <summary>Collector only.</summary>
    public CollectResult Collect<TTarget, TPolicy>(ref TTarget target)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        var released = default(NoSink);
        _ring.Harvest(ref released, int.MaxValue);
        ResetResult reset = _ring.Reset<TTarget, TPolicy>(ref target, int.MaxValue);

        // A hint: a fall-back that happened before this collection began is seen, one that happens now is left for the next.
        if (!IsOverflowed)
            return new CollectResult(reset.Entries, 0, reset.RefusedPages, Recovered: false);

        TOrdering.ExchangeAcquire(ref _control->Overflowed, 0);                       // E25: the bits marked before it are visible
        ulong pages = 0;
        int refused = reset.RefusedPages;
        try
        {
            foreach ((uint slot, DirtyBitmapCore<TOrdering> bitmap) in _bitmaps)
                Take<TTarget, TPolicy>(ref target, slot, bitmap, ref pages, ref refused);
        }
        catch
        {
            // What is left in the bitmaps is not forgotten. No plain store: it would hide a raising by the producer from the next exchange.
            // No order: what raised the flag, this thread or the producer (E25), is what that exchange reads.
            TOrdering.CompareExchangeRelaxed(ref _control->Overflowed, 1, 0);
            throw;
        }

        GC.KeepAlive(this);
        return new CollectResult(reset.Entries, pages, refused, Recovered: true);
    }

    private static void Take<TTarget, TPolicy>(
        ref TTarget target, uint slot, DirtyBitmapCore<TOrdering> bitmap, ref ulong pages, ref int refused)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        Span<(ulong FirstPage, ulong Mask)> words = stackalloc (ulong, ulong)[64];
        DirtyBitmapCore<TOrdering>.Part part = bitmap.PartOf(0, bitmap.Pages, ulong.MaxValue);
        int taken = 0;
        int applied = 0;
        try
        {
            while ((taken = bitmap.NextBatch(ref part, takes: true, words)) != 0)
            {
                for (applied = 0; applied < taken; applied++)
                {
                    (ulong firstPage, ulong mask) = words[applied];
                    int first = BitOperations.TrailingZeroCount(mask);
                    var batch = new ResetBatch(slot, firstPage + (uint)first, mask >> first);
                    refused += BitOperations.PopCount(TPolicy.Apply(ref target, batch));
                    pages += (uint)batch.PageCount;
                }
            }
        }
        catch when (applied < taken)
        {
            bitmap.PutBackAll(words[applied..taken]);
            throw;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private PushResult FallBack(uint slot, ulong offset)
    {
        foreach ((uint Slot, DirtyBitmapCore<TOrdering> Bitmap) candidate in _bitmaps)
        {
            if (candidate.Slot != slot || offset >= candidate.Bitmap.Pages)
                continue;

            candidate.Bitmap.Mark(offset);                                            // E4
            TOrdering.StoreRelease(ref _control->Overflowed, 1);                      // E25: after the mark, and never skipped
            _control->FallBacks++;
            GC.KeepAlive(this);
            return PushResult.FellBack;
        }

        return PushResult.Full;
    }

    // The reset reads the entries once more, checks them, and hands on what is left.
    private readonly struct NoSink : IDirtyEntrySink
    {
        public void Accept(uint slot, ulong offset)
        {
        }
    }
}
