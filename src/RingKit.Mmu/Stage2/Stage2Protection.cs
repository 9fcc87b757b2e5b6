namespace RingKit.Mmu.Stage2;

/// <summary>What a mapping is asked to allow, and its memory type. Source: enum kvm_pgtable_prot, same bits.</summary>
[Flags]
public enum Stage2Protection
{
    /// <summary>Nothing, normal memory.</summary>
    None = 0,

    /// <summary>EL1 may execute.</summary>
    KernelExecute = 1 << 0,

    /// <summary>EL0 may execute.</summary>
    UserExecute = 1 << 1,

    /// <summary>May be written.</summary>
    Write = 1 << 2,

    /// <summary>May be read.</summary>
    Read = 1 << 3,

    /// <summary>Device memory; not with execution, nor with <see cref="NormalNonCacheable"/>.</summary>
    Device = 1 << 4,

    /// <summary>Normal memory that is not cacheable; not with execution, nor with <see cref="Device"/>.</summary>
    NormalNonCacheable = 1 << 5,
}
