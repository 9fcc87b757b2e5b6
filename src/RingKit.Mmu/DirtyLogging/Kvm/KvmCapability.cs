namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>KVM's capabilities of dirty logging, by the numbers of Linux. Any other value is a capability that is not there.</summary>
public enum KvmCapability
{
    /// <summary>No capability.</summary>
    None = 0,

    /// <summary>KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: who takes pages out of the bitmaps. Its argument is a <see cref="Memslots.ManualProtect"/>.</summary>
    ManualDirtyLogProtect2 = 168,

    /// <summary>KVM_CAP_DIRTY_LOG_RING: a ring for each vCPU, on machines whose stores stay in order. Its argument is a ring's size in bytes.</summary>
    DirtyLogRing = 192,

    /// <summary>KVM_CAP_DIRTY_LOG_RING_ACQ_REL: the same, for users that acquire and release an entry's flags.</summary>
    DirtyLogRingAcqRel = 223,

    /// <summary>KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP: rings, and a bitmap for each slot for what is written while no vCPU runs. No argument.</summary>
    DirtyLogRingWithBitmap = 225,
}
