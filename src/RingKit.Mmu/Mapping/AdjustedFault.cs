namespace RingKit.Mmu.Mapping;

/// <summary>What a fault is to map.</summary>
/// <param name="IsMemoryFault">
/// The access does not fit the frame's attribute or the slot: nothing is mapped, and the vCPU leaves the guest (<c>KVM_EXIT_MEMORY_FAULT</c>).
/// Levels are then <see cref="MappingLevel.None"/>.
/// </param>
/// <param name="GoalLevel">The level to map at.</param>
/// <param name="RequestedLevel">The level that it would be without the workaround for executed pages; KVM counts what the workaround costs by it.</param>
/// <param name="Gfn">The first guest frame of the mapping.</param>
/// <param name="Pfn">The first host frame of the mapping.</param>
/// <param name="Warnings">What KVM would complain about.</param>
public readonly record struct AdjustedFault(
    bool IsMemoryFault,
    MappingLevel GoalLevel,
    MappingLevel RequestedLevel,
    ulong Gfn,
    ulong Pfn,
    MappingWarnings Warnings = MappingWarnings.None);
