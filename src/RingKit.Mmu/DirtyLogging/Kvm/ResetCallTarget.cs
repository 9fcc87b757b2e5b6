using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>Protects what KVM_RESET_DIRTY_RINGS names. Entries of a slot that was deleted since are refused.</summary>
internal ref struct ResetCallTarget(WriteProtectingLog log, GuestMemory memory) : IResetTarget
{
    private MemorySlot? _slot;

    // A slot that the machine has removed, and not KVM's user, is logged still, and comes back with pages that were writable.
    public ulong PagesIn(uint slot)
    {
        if (_slot?.Id != slot)
            _slot = memory.FindById(slot);
        return _slot is null or { IsRemoved: true, LogsDirtyPages: false } ? 0 : _slot.PageCount;
    }

    public readonly void Reset(uint slot, ulong baseOffset, ulong mask) => log.Protect(_slot!, baseOffset, mask);
}
