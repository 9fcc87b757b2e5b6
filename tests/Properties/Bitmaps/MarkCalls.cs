using RingKit.Bitmaps;
using RingKit.Bitmaps.Cores;
using RingKit.Interleaving;

namespace RingKit.Properties.Bitmaps;

/// <summary>One discipline's calls.</summary>
internal sealed class MarkCalls<TMarking>(DirtyBitmapCore<ModelOrdering> bitmap) : IMarkCalls
    where TMarking : struct, IMarking
{
    public void Mark(ulong page) => bitmap.Mark<TMarking>(page);

    public bool TryMark(ulong page) => bitmap.TryMark<TMarking>(page);

    public void MarkRange(ulong first, ulong count) => bitmap.MarkRange<TMarking>(first, count);

    public ulong TryMarkRange(ulong first, ulong count) => bitmap.TryMarkRange<TMarking>(first, count);

    public void MarkRectangle(ulong first, ulong width, ulong height, ulong stride) =>
        bitmap.MarkRectangle<TMarking>(first, width, height, stride);

    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink => bitmap.HarvestMasks<TMarking, TSink>(ref sink);

    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink => bitmap.HarvestRuns<TMarking, TSink>(ref sink);

    public int HarvestIndices(Span<ulong> destination, ref ulong cursor) =>
        bitmap.Indices<TMarking>(destination, ref cursor, bitmap.Pages, takes: true);
}
