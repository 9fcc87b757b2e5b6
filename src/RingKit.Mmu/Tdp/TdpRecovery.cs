namespace RingKit.Mmu.Tdp;

/// <summary>What becomes of 4K mappings when logging stops.</summary>
public enum TdpRecovery
{
    /// <summary>They become large again at once, where that is allowed: Linux since 6.13.</summary>
    InPlace,

    /// <summary>They are taken away where large ones are allowed, for the next access to make: Linux before 6.13.</summary>
    Zap,

    /// <summary>Nothing.</summary>
    None,
}
