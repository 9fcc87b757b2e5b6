namespace RingKit.Mmu.Mapping;

/// <summary>Which rules choose the level (docs/mapping.md).</summary>
public enum MappingForm
{
    /// <summary>KVM as posted in June 2025 (version 11 of the guest_memfd mmap series): recovery asks guest_memfd for its order.</summary>
    Posted,

    /// <summary>KVM as merged (6.18): one function for faults and recovery; without a fault it has no frame of guest_memfd, and answers 4K.</summary>
    Merged,

    /// <summary>RingKit's own: as merged, and recovery asks guest_memfd for its order, which no kernel does yet.</summary>
    RingKit,
}
