namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What the vCPU does after a fault.</summary>
internal enum Stage2FaultOutcome
{
    /// <summary>Tries again: it is mapped, or somebody was at work there.</summary>
    Resume,

    /// <summary>Leaves the guest: no slot, or a store to a read-only one. KVM_EXIT_MMIO.</summary>
    Mmio,

    /// <summary>Skips the instruction: maintenance of a cache where there is nothing.</summary>
    Skip,

    /// <summary>Gets an instruction abort.</summary>
    InstructionAbort,

    /// <summary>Gets a data abort.</summary>
    DataAbort,

    /// <summary>Leaves the guest with an error: EFAULT.</summary>
    HostFault,
}
