namespace RingKit.Mmu.Tdp;

/// <summary>What became of a fault.</summary>
internal enum TdpFaultOutcome
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>The lockless fix-up gave W back.</summary>
    FixedUp,

    /// <summary>The table grants the access already: the vCPU's TLB was behind it, or another vCPU was faster.</summary>
    Spurious,

    /// <summary>A leaf was made, larger ones in its way being split.</summary>
    Mapped,

    /// <summary>An invalidation, or another thread, is in the way: fault again.</summary>
    Retry,

    /// <summary>No slot has the frame.</summary>
    NoSlot,

    /// <summary>A store to a slot that the guest may only read.</summary>
    ReadOnly,

    /// <summary>The access is of the other kind than the frame: KVM_EXIT_MEMORY_FAULT.</summary>
    MemoryFault,

    /// <summary>There is no table left.</summary>
    NoMemory,
}
