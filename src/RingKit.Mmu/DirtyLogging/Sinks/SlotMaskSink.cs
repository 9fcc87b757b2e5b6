using RingKit.Bitmaps;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Sinks;

/// <summary>Hands the words of one slot's bitmap to a sink for all slots.</summary>
internal readonly ref struct SlotMaskSink<TSink>(MemorySlot slot, ref TSink sink) : IDirtyMaskSink
    where TSink : struct, IDirtyPageSink
{
    private readonly ref TSink _sink = ref sink;

    public void Accept(ulong firstPage, ulong mask) => _sink.Accept(slot, firstPage, mask);
}
