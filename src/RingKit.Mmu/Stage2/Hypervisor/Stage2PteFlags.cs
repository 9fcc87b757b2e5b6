namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What a page's entry is set for, as the review of 2014 wants it: bits to or together, and not booleans that a macro shifts.</summary>
[Flags]
internal enum Stage2PteFlags : ulong
{
    /// <summary>Memory, not logged.</summary>
    None = 0,

    /// <summary>KVM_S2PTE_FLAG_IS_IOMAP: a device, where nothing may be mapped yet.</summary>
    IsIomap = 1UL << 0,

    /// <summary>KVM_S2PTE_FLAG_LOGGING_ACTIVE: a block that is in the way is dissolved.</summary>
    LoggingActive = 1UL << 1,
}
