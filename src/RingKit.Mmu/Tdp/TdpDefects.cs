namespace RingKit.Mmu.Tdp;

/// <summary>Bugs that KVM's TDP MMU once had, brought back so that a test can show that it would have found them. Those of attributes are <see cref="Mapping.MappingDefects"/>.</summary>
[Flags]
internal enum TdpDefects
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A log that takes D takes it from a nested guest's leaves too, whose stores go to no modification log (2673dfb591a3).</summary>
    ClearsNestedDirty = 1 << 0,
}
