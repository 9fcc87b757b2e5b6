namespace RingKit.Mmu.Stage2;

/// <summary>Who may execute, by the values of the XN field (FEAT_XNX).</summary>
public enum Stage2Execute
{
    /// <summary>EL1 and EL0.</summary>
    Everywhere = 0,

    /// <summary>EL0 only.</summary>
    UserOnly = 1,

    /// <summary>Nobody.</summary>
    Nowhere = 2,

    /// <summary>EL1 only.</summary>
    KernelOnly = 3,
}
