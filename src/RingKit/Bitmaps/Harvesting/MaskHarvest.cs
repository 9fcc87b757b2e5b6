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

    public static void Runs<TSource, TSink>(ref TSource source, ref TSink sink)
        where TSource : struct, IMaskSource
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        RunJoiner joiner = default;
        try
        {
            while (source.TakeNext(out ulong firstPage, out ulong mask))
                joiner.Add(ref sink, firstPage, mask);
            joiner.Flush(ref sink);
        }
        catch
        {
            source.PutBackRange(joiner.UndeliveredRun.First, joiner.UndeliveredRun.Count);
            source.PutBack(joiner.UnreadMask.FirstPage, joiner.UnreadMask.Mask);
            source.Abandon();
            throw;
        }
    }
}
