namespace RingKit.Mmu.Tdp;

/// <summary>What the processor does with an access that its TLB does not know.</summary>
internal enum TdpAccessResult
{
    /// <summary>The table grants it; A and D are set, and the modification log has it.</summary>
    Granted,

    /// <summary>EPT violation.</summary>
    Violation,

    /// <summary>The modification log is full, so the vCPU leaves the guest before the store.</summary>
    LogFull,
}
