using RingKit.DirtyRings;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>Takes ring entries as <see cref="ReleasingSink"/> does, and tells the page table that their pages are about to be protected.</summary>
internal struct AnnouncingSink(VirtualMachine machine) : IDirtyEntrySink
{
    private MemorySlot? _slot;

    public void Accept(uint slot, ulong offset)
    {
        if (_slot?.Id != slot)
            _slot = machine.Memory.FindById(slot);
        if (_slot is not null)
            machine.Mmu.Prefetch(_slot, offset, 1);
    }
}
