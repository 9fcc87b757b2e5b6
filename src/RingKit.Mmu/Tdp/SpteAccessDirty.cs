namespace RingKit.Mmu.Tdp;

/// <summary>What A and D of an entry are for: bits 53..52, KVM's <c>SPTE_TDP_AD_MASK</c>.</summary>
public enum SpteAccessDirty
{
    /// <summary>The processor sets A and D, and D tells of stores.</summary>
    Enabled = 0,

    /// <summary>The processor has no A and D.</summary>
    Disabled = 1,

    /// <summary>The processor sets them, but stores are found by write protection: a nested guest's entries, whose stores go to no modification log.</summary>
    WriteProtectOnly = 2,
}
