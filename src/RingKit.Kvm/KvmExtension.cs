namespace RingKit.Kvm;

/// <summary>KVM's capabilities beside those of dirty logging (<see cref="Mmu.DirtyLogging.Kvm.KvmCapability"/>), by the numbers of Linux.</summary>
public enum KvmExtension
{
    /// <summary>No capability.</summary>
    None = 0,

    /// <summary>KVM_CAP_USER_MEMORY: slots over memory of the user's.</summary>
    UserMemory = 3,

    /// <summary>KVM_CAP_NR_VCPUS: how many vCPUs are recommended.</summary>
    RecommendedVcpus = 9,

    /// <summary>KVM_CAP_NR_MEMSLOTS: how many slots there may be.</summary>
    MemorySlots = 10,

    /// <summary>KVM_CAP_MAX_VCPUS: how many vCPUs there may be.</summary>
    MaximumVcpus = 66,

    /// <summary>KVM_CAP_MULTI_ADDRESS_SPACE: how many address spaces there are, or 0 for one.</summary>
    AddressSpaces = 118,

    /// <summary>KVM_CAP_IMMEDIATE_EXIT: a flag with which a vCPU leaves the guest before it has entered it.</summary>
    ImmediateExit = 136,

    /// <summary>KVM_CAP_USER_MEMORY2: slots with memory of guest_memfd.</summary>
    UserMemory2 = 231,

    /// <summary>KVM_CAP_MEMORY_FAULT_INFO: an exit for memory of the other kind.</summary>
    MemoryFaultInfo = 232,

    /// <summary>KVM_CAP_MEMORY_ATTRIBUTES: the bits that a page may have, as private; 0 where it may have none.</summary>
    MemoryAttributes = 233,

    /// <summary>KVM_CAP_GUEST_MEMFD: memory that its file alone has.</summary>
    GuestMemfd = 234,

    /// <summary>KVM_CAP_VM_TYPES: a bit for each type of machine.</summary>
    VmTypes = 235,
}
