using RingKit.Bitmaps;

namespace RingKit.Properties.Bitmaps;

/// <summary>The calls of a bitmap on the model of memory that depend on the discipline of marking.</summary>
internal interface IMarkCalls
{
    void Mark(ulong page);

    bool TryMark(ulong page);

    void MarkRange(ulong first, ulong count);

    ulong TryMarkRange(ulong first, ulong count);

    void MarkRectangle(ulong first, ulong width, ulong height, ulong stride);

    void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink;

    void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink;

    int HarvestIndices(Span<ulong> destination, ref ulong cursor);
}
