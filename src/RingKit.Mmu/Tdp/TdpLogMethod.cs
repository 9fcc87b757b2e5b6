namespace RingKit.Mmu.Tdp;

/// <summary>How a machine learns of first stores to pages that are logged.</summary>
public enum TdpLogMethod
{
    /// <summary>Leaves lose W, and a store faults: KVM on processors without a modification log.</summary>
    WriteProtection,

    /// <summary>Leaves lose D, and the processor logs a store that sets it again: Intel's PML. Large leaves lose W all the same.</summary>
    ModificationLog,
}
