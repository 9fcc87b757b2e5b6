namespace RingKit.Mmu.Mapping;

/// <summary>The flags of a memory slot, with KVM's values.</summary>
[Flags]
public enum MappingSlotTraits : uint
{
    /// <summary>Plain memory of the host process.</summary>
    None = 0,

    /// <summary><c>KVM_MEM_LOG_DIRTY_PAGES</c>: first writes are recorded, and every mapping is 4K.</summary>
    LogDirtyPages = 1 << 0,

    /// <summary><c>KVM_MEM_READONLY</c>: the guest's stores leave the guest.</summary>
    ReadOnly = 1 << 1,

    /// <summary><c>KVM_MEM_GUEST_MEMFD</c>: the slot is bound to a <see cref="Mapping.GuestMemfd"/>.</summary>
    GuestMemfd = 1 << 2,
}
