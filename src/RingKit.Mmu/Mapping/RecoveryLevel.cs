namespace RingKit.Mmu.Mapping;

/// <summary>The level to which a mapping may be recovered.</summary>
/// <param name="Level">4K, 2M or 1G.</param>
/// <param name="Warnings">What KVM would complain about.</param>
public readonly record struct RecoveryLevel(MappingLevel Level, MappingWarnings Warnings = MappingWarnings.None);
