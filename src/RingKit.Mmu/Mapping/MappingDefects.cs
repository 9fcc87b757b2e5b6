namespace RingKit.Mmu.Mapping;

/// <summary>Bugs that KVM once had in keeping large pages and attributes in step, brought back so that a test can show that it would have found them.</summary>
[Flags]
internal enum MappingDefects
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The large page at the head of a change is looked at although it ends behind the slot, and so are entries that the slot does not have (2024).</summary>
    ChecksBeyondSlot = 1 << 0,

    /// <summary>Faults wait in the range of a change alone, and not in the large pages that it cuts at the head and the tail (2025).</summary>
    WaitsInRangeAlone = 1 << 1,
}
