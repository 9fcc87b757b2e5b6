using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using RingKit.Bitmaps.Harvesting;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Summary;

/// <summary>Harvesting: down the bits that are set, and back up with those that were not followed.</summary>
internal sealed unsafe partial class SummaryBitmapCore<TOrdering>
{
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ThrowIfDisposed();
        var scan = new SummaryScan<TOrdering>(this, 0);
        MaskHarvest.Masks(ref scan, ref sink);
        GC.KeepAlive(this);
    }

    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ThrowIfDisposed();
        var scan = new SummaryScan<TOrdering>(this, 0);
        MaskHarvest.Runs(ref scan, ref sink);
        GC.KeepAlive(this);
    }

    public int HarvestIndices(Span<ulong> destination, ref ulong cursor)
    {
        ThrowIfDisposed();
        TrackedPages.CheckCursor(cursor, Pages);
        if (destination.IsEmpty || cursor == Pages)
            return 0;

        var scan = new SummaryScan<TOrdering>(this, cursor);
        int taken = 0;
        while (taken < destination.Length)
        {
            int room = destination.Length - taken;
            if (!scan.TakeNext(room, out ulong firstPage, out ulong mask))
            {
                cursor = Pages;
                break;
            }

            int pages = TrackedPages.Write(destination[taken..], firstPage, mask);
            taken += pages;
            cursor = Math.Min(firstPage + 64 - (pages == room ? (uint)BitOperations.LeadingZeroCount(mask) : 0), Pages);
        }

        scan.Abandon();
        GC.KeepAlive(this);
        return taken;
    }

    /// <summary>Asks for the words of up to 64 bits, 8 on a cache line, so that their misses overlap: exchanges wait for one another.</summary>
    public void Prefetch(int level, nuint firstWord, ulong bits)
    {
        if (!Sse.IsSupported || typeof(TOrdering) != typeof(HardwareOrdering))
            return;

        for (; bits != 0; bits >>= 8, firstWord += 8)
        {
            if ((byte)bits != 0)
                Sse.Prefetch0(_levels[level] + firstWord);
        }
    }

    /// <summary>Takes all of a word.</summary>
    // E4 and E30: what the bits stand for is visible. E31: who finds the word 0 sees what was cleared above.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Take(int level, nuint word) => TOrdering.ExchangeAcquireRelease(ref WordAt(level, word), 0);

    /// <summary>Takes a leaf whose summary bit was cleared: all of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong TakeLeaf(nuint leaf) => Take(0, leaf) & ValidBits(leaf);

    /// <summary>The same, but only so many pages, and none before the first one.</summary>
    public ulong TakeLeaf(nuint leaf, ulong fromBits, int room)
    {
        ulong wanted = TrackedPages.LowestBits(TOrdering.LoadRelaxed(ref WordAt(0, leaf)) & fromBits & ValidBits(leaf), room);
        ulong found = TOrdering.FetchAndNotAcquireRelease(ref WordAt(0, leaf), wanted);   // E4, E31; never skipped, though nothing be wanted
        if ((found & ~wanted) != 0)
            Raise(1, leaf);
        return found & wanted;
    }
}
