using RingKit.Bitmaps;

namespace RingKit.Bench.Inputs;

/// <summary>Counts the pages of what it is given.</summary>
internal struct CountingSink : IDirtyMaskSink, IDirtyRunSink
{
    public long Pages { get; private set; }

    void IDirtyMaskSink.Accept(ulong firstPage, ulong mask) => Pages += (long)ulong.PopCount(mask);

    void IDirtyRunSink.Accept(ulong firstPage, ulong pageCount) => Pages += (long)pageCount;
}
