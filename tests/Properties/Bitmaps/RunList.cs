using RingKit.Bitmaps;

namespace RingKit.Properties.Bitmaps;

/// <summary>Collects runs.</summary>
internal struct RunList(List<(ulong First, ulong Count)> runs) : IDirtyRunSink
{
    public readonly void Accept(ulong firstPage, ulong pageCount) => runs.Add((firstPage, pageCount));
}
