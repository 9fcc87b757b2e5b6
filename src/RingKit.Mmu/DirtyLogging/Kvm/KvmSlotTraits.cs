namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>Flags of a slot, by the numbers of KVM_SET_USER_MEMORY_REGION. Read-only slots and those of guest_memfd are none of these.</summary>
[Flags]
public enum KvmSlotTraits
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>KVM_MEM_LOG_DIRTY_PAGES.</summary>
    LogDirtyPages = 1 << 0,
}
