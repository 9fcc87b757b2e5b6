namespace RingKit.Mmu.Guest;

/// <summary>Why a vCPU left the guest, or would have to in order to finish an access.</summary>
public enum VcpuExit
{
    /// <summary>No reason: the access is done, the guest goes on.</summary>
    None,

    /// <summary>The program has ended.</summary>
    Halted,

    /// <summary>The dirty ring wants a harvest: KVM_EXIT_DIRTY_RING_FULL. Running again without one exits again.</summary>
    DirtyRingFull,

    /// <summary>The access lies in no memory slot: KVM_EXIT_MMIO.</summary>
    NoMemory,

    /// <summary>The guest's own page table forbids the access: the guest would get an interrupt.</summary>
    GuestFault,

    /// <summary>The host has no memory for the access, or refuses it: KVM_RUN fails with EFAULT.</summary>
    HostFault,

    /// <summary>The access means private memory where the frame is shared, or conversely: KVM_EXIT_MEMORY_FAULT.</summary>
    MemoryFault,

    /// <summary>Another thread asked the vCPU to stop.</summary>
    Interrupted,

    /// <summary>
    /// The vCPU has recorded as many pages as <see cref="Vcpu.DirtyQuota"/> allows. Running again without a higher quota exits again. In KVM it was proposed as
    /// KVM_EXIT_DIRTY_QUOTA_EXHAUSTED, and never merged.
    /// </summary>
    DirtyQuotaExhausted,
}
