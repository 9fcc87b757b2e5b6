using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using RingKit.Bitmaps.Harvesting;

namespace RingKit.Bitmaps.Cores;

/// <summary>Harvests of the whole or a part, with a cursor and a budget, and the same without taking.</summary>
/// <remarks>
/// An atomic step takes twenty cycles, in which the processor does what follows it; but it waits for all stores before it. So each word's work is done
/// between its own step and the next one, with one store or two. Disciplines that skip marks order the takes before the copies once for many words,
/// since that may cost microseconds.
/// </remarks>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    // 16 KiB of stack: at a few microseconds for a process-wide fence, a few nanoseconds a word.
    private const int BatchWords = 1024;

    public void HarvestMasks<TMarking, TSink>(ref TSink sink)
        where TMarking : struct, IMarking
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ulong cursor = 0;
        Masks<TMarking, TSink>(ref sink, ref cursor, Pages, ulong.MaxValue, takes: true);
    }

    public void HarvestRuns<TMarking, TSink>(ref TSink sink)
        where TMarking : struct, IMarking
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ulong cursor = 0;
        Runs<TMarking, TSink>(ref sink, ref cursor, Pages, ulong.MaxValue, takes: true);
    }

    /// <summary>Hands the dirty pages of a part to a sink, as masks.</summary>
    /// <param name="sink">Takes the masks.</param>
    /// <param name="cursor">Where to begin; moved to where to go on, which is the first page not taken if the sink throws.</param>
    /// <param name="end">The page behind the part.</param>
    /// <param name="maximumPages">How many dirty pages at most.</param>
    /// <param name="takes">Whether the pages are clean afterwards, or only looked at.</param>
    /// <typeparam name="TMarking">The discipline of the marks.</typeparam>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>How many dirty pages the sink was given.</returns>
    public ulong Masks<TMarking, TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages, bool takes)
        where TMarking : struct, IMarking
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        Part part = PartOf(cursor, end, maximumPages);
        if (TMarking.TestsFirst)
            DeliverBatches<TMarking, TSink>(ref part, ref sink, ref cursor, takes);
        else
            DeliverEach(ref part, ref sink, ref cursor, takes);
        cursor = part.Reached;
        GC.KeepAlive(this);
        return maximumPages - part.Room;
    }

    private void DeliverEach<TSink>(ref Part part, ref TSink sink, ref ulong cursor, bool takes)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        // First page and mask, in one store.
        Vector128<ulong> offered = default;
        try
        {
            while (FindWord(ref part, out nuint word))
            {
                if (takes && part.IsWhole(word))
                {
                    DeliverWhole(ref part, ref sink, ref offered);
                    continue;
                }

                ulong mask = NextCut(ref part, takes, word);
                offered = Vector128.Create((ulong)word << 6, mask);
                if (mask != 0)
                    sink.Accept((ulong)word << 6, mask);
            }
        }
        catch
        {
            cursor = offered[0] + (uint)BitOperations.TrailingZeroCount(offered[1]);
            if (takes)
                PutBack(offered[0], offered[1]);
            throw;
        }
    }

    // As TakeWhole: nothing is stored between two atomic steps but what is offered, and what the sink stores.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DeliverWhole<TSink>(ref Part part, ref TSink sink, ref Vector128<ulong> offered)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        do
        {
            ulong rest = part.PendingWhole;
            long mostPages = MostPagesAlive(part);
            long left = mostPages;
            ulong* group = _words + part.Group;
            ulong firstPage = (ulong)part.Group << 6;
            do
            {
                ulong word = WordBits.LowestPlace(rest);
                rest &= rest - 1;
                ulong mask = TakeAll(ref group[word]);
                if (mask == 0)
                    continue;
                left -= (long)WordBits.Count(mask);
                ulong page = firstPage + (word << 6);
                offered = Vector128.Create(page, mask);
                sink.Accept(page, mask);
            }
            while (rest != 0 && (ulong)left < _pages);                                // not if it is negative; a sink may dispose the bitmap

            part.MoveTo(rest, (ulong)(mostPages - left));
        }
        while (NextWhole(ref part));
    }

    // The discipline orders the takes of a batch before the copies of its pages.
    [SkipLocalsInit]
    private void DeliverBatches<TMarking, TSink>(ref Part part, ref TSink sink, ref ulong cursor, bool takes)
        where TMarking : struct, IMarking
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        Span<(ulong FirstPage, ulong Mask)> batch = stackalloc (ulong, ulong)[BatchWords];
        int taken = 0;
        int delivered = 0;
        try
        {
            while ((taken = NextBatch(ref part, takes, batch)) != 0)
            {
                delivered = 0;
                TMarking.OrderTakes<TOrdering>();
                for (; delivered < taken; delivered++)
                    sink.Accept(batch[delivered].FirstPage, batch[delivered].Mask);
            }
        }
        catch when (delivered < taken)
        {
            cursor = batch[delivered].FirstPage + (uint)BitOperations.TrailingZeroCount(batch[delivered].Mask);
            if (takes)
                PutBackAll(batch[delivered..taken]);
            throw;
        }
    }

    /// <summary>The same as single pages, as many as there is room for.</summary>
    [SkipLocalsInit]
    public int Indices<TMarking>(Span<ulong> destination, ref ulong cursor, ulong end, bool takes)
        where TMarking : struct, IMarking
    {
        Part part = PartOf(cursor, end, (ulong)destination.Length);
        nuint count = 0;
        ulong unused = 0;
        if (TakeInto<IndexForm>(ref part, takes, destination, ref count, ref unused))
        {
            // Fewer than 64 places are left: by way of more.
            Span<ulong> last = stackalloc ulong[128];
            nuint lastCount = 0;
            TakeInto<IndexForm>(ref part, takes, last, ref lastCount, ref unused);
            last[..(int)lastCount].CopyTo(destination[(int)count..]);
            count += lastCount;
        }

        if (count != 0)
            TMarking.OrderTakes<TOrdering>();
        cursor = part.Reached;
        GC.KeepAlive(this);
        return (int)count;
    }

    /// <summary>Marks again what was taken and not delivered, or hands it on to this bitmap; nothing if it is disposed.</summary>
    internal void PutBack(ulong firstPage, ulong mask)
    {
        if (mask != 0 && firstPage < _pages)
            TOrdering.OrRelease(ref _words[firstPage >> 6], mask);                    // E4: what we have acquired passes on
        GC.KeepAlive(this);
    }

    /// <summary>The same of several words.</summary>
    internal void PutBackAll(ReadOnlySpan<(ulong FirstPage, ulong Mask)> words)
    {
        foreach ((ulong firstPage, ulong mask) in words)
            PutBack(firstPage, mask);
    }
}
