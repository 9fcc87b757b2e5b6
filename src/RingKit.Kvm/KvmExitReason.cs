namespace RingKit.Kvm;

/// <summary>Why a vCPU has left the guest, by the numbers of Linux. Any other value is a reason that has no name here.</summary>
public enum KvmExitReason
{
    /// <summary>KVM_EXIT_UNKNOWN: KVM does not say; see <see cref="KvmExit.Error"/>.</summary>
    None = 0,

    /// <summary>KVM_EXIT_EXCEPTION.</summary>
    Exception = 1,

    /// <summary>KVM_EXIT_IO: the guest reads or writes a port.</summary>
    Io = 2,

    /// <summary>KVM_EXIT_HYPERCALL.</summary>
    Hypercall = 3,

    /// <summary>KVM_EXIT_DEBUG.</summary>
    Debug = 4,

    /// <summary>KVM_EXIT_HLT: the guest has halted, without an interrupt controller to wake it.</summary>
    Halted = 5,

    /// <summary>KVM_EXIT_MMIO: the guest reads or writes what is no memory.</summary>
    Mmio = 6,

    /// <summary>KVM_EXIT_IRQ_WINDOW_OPEN.</summary>
    InterruptWindow = 7,

    /// <summary>KVM_EXIT_SHUTDOWN: a triple fault.</summary>
    Shutdown = 8,

    /// <summary>KVM_EXIT_FAIL_ENTRY: the processor refuses the vCPU's state; <see cref="KvmExit.Detail"/> says why.</summary>
    FailedEntry = 9,

    /// <summary>KVM_EXIT_INTR: somebody has asked for it, or a signal came.</summary>
    Interrupted = 10,

    /// <summary>KVM_EXIT_INTERNAL_ERROR: KVM cannot go on; <see cref="KvmExit.Detail"/> says why.</summary>
    InternalError = 17,

    /// <summary>KVM_EXIT_SYSTEM_EVENT.</summary>
    SystemEvent = 24,

    /// <summary>KVM_EXIT_DIRTY_RING_FULL: the vCPU's ring has reached its soft limit, and the guest cannot go on before a reset.</summary>
    DirtyRingFull = 31,

    /// <summary>KVM_EXIT_NOTIFY.</summary>
    Notify = 37,

    /// <summary>KVM_EXIT_MEMORY_FAULT: the guest wants memory of the other kind, private or shared; <see cref="KvmExit.Address"/> says which.</summary>
    MemoryFault = 39,
}
