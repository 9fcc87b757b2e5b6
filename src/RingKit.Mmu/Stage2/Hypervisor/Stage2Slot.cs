using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>A memory slot as the fault handler sees it.</summary>
/// <param name="memory">The guest's memory, and whether it is logged.</param>
/// <param name="userspaceAddress">Where the host process has its first byte: a number of the simulation, no pointer.</param>
/// <param name="isReadOnly">Whether a store leaves the guest: KVM_MEM_READONLY.</param>
internal sealed class Stage2Slot(MemorySlot memory, ulong userspaceAddress, bool isReadOnly)
{
    /// <summary>The guest's memory.</summary>
    public MemorySlot Memory => memory;

    /// <summary>The IPA of the first byte.</summary>
    public ulong BaseIpa => memory.BaseGfn << GuestPage.Shift;

    /// <summary>The slot's bytes.</summary>
    public ulong Size => memory.PageCount << GuestPage.Shift;

    /// <summary>Where the host process has the first byte.</summary>
    public ulong UserspaceAddress => userspaceAddress;

    /// <summary>Whether a store leaves the guest.</summary>
    public bool IsReadOnly => isReadOnly;

    /// <summary>Whether an IPA is the slot's.</summary>
    public bool Holds(ulong ipa) => ipa - BaseIpa < Size;

    /// <summary>The host's address of an IPA of the slot.</summary>
    public ulong HostAddressOf(ulong ipa) => userspaceAddress + (ipa - BaseIpa);
}
