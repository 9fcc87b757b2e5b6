using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Sinks;

/// <summary>Protects what a reset names, and hands it to a sink.</summary>
internal ref struct ProtectingTarget<TSink>(WriteProtectingLog log, GuestMemory memory, ref TSink sink) : IResetTarget
    where TSink : struct, IDirtyPageSink
{
    private readonly ref TSink _sink = ref sink;
    private MemorySlot? _slot;

    public ulong PagesIn(uint slot)
    {
        if (_slot?.Id != slot)
            _slot = memory.FindById(slot);
        return _slot?.PageCount ?? 0;
    }

    public readonly void Reset(uint slot, ulong baseOffset, ulong mask)
    {
        log.Protect(_slot!, baseOffset, mask);
        _sink.Accept(_slot!, baseOffset, mask);
    }
}
