namespace RingKit.Mmu.Mapping;

/// <summary>What <c>KVM_SET_USER_MEMORY_REGION2</c> is given: a slot to make, to change, or with no bytes to delete. Any value may be tried.</summary>
/// <param name="Id">The slot's id. There is one address space, so bits 16..31 are 0.</param>
/// <param name="GuestPhysicalAddress">Where the slot begins, in bytes.</param>
/// <param name="MemorySize">How long it is, in bytes; 0 deletes.</param>
/// <param name="UserspaceAddress">Where the host process has it, in bytes.</param>
/// <param name="Flags">What kind of slot it is.</param>
/// <param name="Gmem">The guest_memfd file, where the flags say so; otherwise not looked at.</param>
/// <param name="GmemOffset">Where in the file the slot begins, in bytes.</param>
public readonly record struct UserMemoryRegion(
    uint Id,
    ulong GuestPhysicalAddress,
    ulong MemorySize,
    ulong UserspaceAddress,
    MappingSlotTraits Flags = MappingSlotTraits.None,
    GuestMemfd? Gmem = null,
    ulong GmemOffset = 0);
