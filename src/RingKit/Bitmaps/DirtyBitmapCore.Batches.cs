using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps;

/// <summary>
/// Harvests for disciplines that skip marks: bits are taken, then the discipline orders the takes before the copies, then they are delivered.
/// A batch of words shares one such order, since that may cost microseconds.
/// </summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    // 16 KiB of stack: at a few microseconds for a process-wide fence, a few nanoseconds a word.
    private const int BatchWords = 1024;

    public void HarvestMasks<TMarking, TSink>(ref TSink sink)
        where TMarking : struct, IMarking
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        if (!TMarking.TestsFirst)
            HarvestMasks(ref sink);
        else
            HarvestBatches<TMarking, MaskDelivery<TSink>, TSink>(ref sink);
    }

    public void HarvestRuns<TMarking, TSink>(ref TSink sink)
        where TMarking : struct, IMarking
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        if (!TMarking.TestsFirst)
            HarvestRuns(ref sink);
        else
            HarvestBatches<TMarking, RunDelivery<TSink>, TSink>(ref sink);
    }

    public int HarvestIndices<TMarking>(Span<ulong> destination, ref ulong cursor)
        where TMarking : struct, IMarking
    {
        int taken = HarvestIndices(destination, ref cursor);
        if (taken != 0)
            TMarking.OrderTakes<TOrdering>();
        return taken;
    }

    [SkipLocalsInit]
    private void HarvestBatches<TMarking, TDelivery, TSink>(ref TSink sink)
        where TMarking : struct, IMarking
        where TDelivery : struct, IDelivery<TSink>
        where TSink : struct, allows ref struct
    {
        ThrowIfDisposed();
        Span<(ulong FirstPage, ulong Mask)> batch = stackalloc (ulong, ulong)[BatchWords];
        Scan scan = default;
        TDelivery delivery = default;
        int delivered = 0;
        int taken = 0;
        try
        {
            while ((taken = TakeBatch(ref scan, batch)) != 0)
            {
                TMarking.OrderTakes<TOrdering>();
                for (delivered = 0; delivered < taken; delivered++)
                    delivery.Deliver(ref sink, batch[delivered].FirstPage, batch[delivered].Mask);
            }

            delivery.Complete(ref sink);
        }
        catch
        {
            MarkRange(delivery.UndeliveredRun.First, delivery.UndeliveredRun.Count);
            if (delivered < taken)
                PutBack(delivery.Unread.FirstPage, delivery.Unread.Mask);
            for (int rest = delivered + 1; rest < taken; rest++)
                PutBack(batch[rest].FirstPage, batch[rest].Mask);
            throw;
        }

        GC.KeepAlive(this);
    }

    private int TakeBatch(ref Scan scan, Span<(ulong FirstPage, ulong Mask)> batch)
    {
        int taken = 0;
        while (taken < batch.Length && TakeNext(ref scan, out nuint word, out ulong mask))
            batch[taken++] = ((ulong)word << 6, mask);
        return taken;
    }

    /// <summary>Hands masks to a sink, and knows what the sink did not take if it throws.</summary>
    private interface IDelivery<TSink>
        where TSink : struct, allows ref struct
    {
        (ulong First, ulong Count) UndeliveredRun { get; }

        (ulong FirstPage, ulong Mask) Unread { get; }

        void Deliver(ref TSink sink, ulong firstPage, ulong mask);

        void Complete(ref TSink sink);
    }

    private struct MaskDelivery<TSink> : IDelivery<TSink>
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        public readonly (ulong First, ulong Count) UndeliveredRun => default;

        public (ulong FirstPage, ulong Mask) Unread { get; private set; }

        public void Deliver(ref TSink sink, ulong firstPage, ulong mask)
        {
            Unread = (firstPage, mask);
            sink.Accept(firstPage, mask);
        }

        public readonly void Complete(ref TSink sink)
        {
        }
    }

    private struct RunDelivery<TSink> : IDelivery<TSink>
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        private RunJoiner _joiner;

        public readonly (ulong First, ulong Count) UndeliveredRun => _joiner.UndeliveredRun;

        public readonly (ulong FirstPage, ulong Mask) Unread => _joiner.UnreadMask;

        public void Deliver(ref TSink sink, ulong firstPage, ulong mask) => _joiner.Add(ref sink, firstPage, mask);

        public void Complete(ref TSink sink) => _joiner.Flush(ref sink);
    }
}
