using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Sinks;

/// <summary>Protects what is taken out of a slot's bitmap, hands it to a sink, and counts it.</summary>
internal ref struct ProtectingCollector<TSink>(WriteProtectingLog log, MemorySlot slot, ref TSink sink) : IDirtyMaskSink
    where TSink : struct, IDirtyPageSink
{
    private readonly ref TSink _sink = ref sink;

    public ulong Pages { get; private set; }

    public void Accept(ulong firstPage, ulong mask)
    {
        log.Protect(slot, firstPage, mask);
        Pages += (uint)BitOperations.PopCount(mask);
        _sink.Accept(slot, firstPage, mask);
    }
}
