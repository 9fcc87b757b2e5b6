using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>Hands what a source takes to a sink. What the sink refuses is dirty again, and so is what was not reached.</summary>
internal static class MaskHarvest
{
    public static void Masks<TSource, TSink>(ref TSource source, ref TSink sink)
        where TSource : struct, IMaskSource
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ulong offeredFirst = 0;
        ulong offeredMask = 0;
        try
        {
            while (source.TakeNext(out ulong firstPage, out ulong mask))
            {
                // What the handler reads lives on the stack, so the loop only writes it.
                offeredFirst = firstPage;
                offeredMask = mask;
                sink.Accept(firstPage, mask);
            }
        }
        catch
        {
            source.PutBack(offeredFirst, offeredMask);
            source.Abandon();
            throw;
        }
    }

    [SkipLocalsInit]
    public static void Runs<TSource, TSink>(ref TSource source, ref TSink sink)
        where TSource : struct, IMaskSource
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        var joiner = new RunJoiner(stackalloc ulong[RunJoiner.Room]);
        int delivered = 0;
        try
        {
            while (source.TakeNext(out ulong firstPage, out ulong mask))
            {
                joiner.Add(firstPage, mask);
                if (!joiner.IsFull)
                    continue;
                RunJoiner.Deliver(joiner.Closed, ref sink, ref delivered);
                joiner.Drop(ref delivered);
            }

            joiner.Close();
            RunJoiner.Deliver(joiner.Closed, ref sink, ref delivered);
        }
        catch
        {
            joiner.Drop(ref delivered);
            joiner.Close();
            for (ReadOnlySpan<ulong> rest = joiner.Closed; !rest.IsEmpty; rest = rest[2..])
                source.PutBackRange(rest[0], rest[1] - rest[0]);
            source.Abandon();
            throw;
        }
    }
}
