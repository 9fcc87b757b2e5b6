namespace RingKit.Mmu.Stage2;

/// <summary>The memory types that KVM makes at stage 2.</summary>
public enum Stage2MemoryType
{
    /// <summary>None of the three below.</summary>
    Other,

    /// <summary>Normal memory, write-back cacheable: guest memory.</summary>
    NormalWriteBack,

    /// <summary>Normal memory, not cacheable.</summary>
    NormalNonCacheable,

    /// <summary>Device-nGnRE: assigned devices.</summary>
    Device,
}
