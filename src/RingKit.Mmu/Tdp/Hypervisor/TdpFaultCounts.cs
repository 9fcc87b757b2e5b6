namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>What a vCPU's faults came to. Written by its thread.</summary>
internal sealed class TdpFaultCounts
{
    /// <summary>W given back without a lock.</summary>
    public ulong FixedUp { get; set; }

    /// <summary>Faults that found the access granted.</summary>
    public ulong Spurious { get; set; }

    /// <summary>Leaves made.</summary>
    public ulong Mapped { get; set; }

    /// <summary>Large leaves split on the way.</summary>
    public ulong Splits { get; set; }

    /// <summary>Faults that met an invalidation or another thread, and were taken again.</summary>
    public ulong Retries { get; set; }

    /// <summary>Accesses of the wrong kind.</summary>
    public ulong MemoryFaults { get; set; }

    /// <summary>Exits because the modification log was full.</summary>
    public ulong FullLogs { get; set; }

    /// <summary>Addresses that came out of the modification log.</summary>
    public ulong Drained { get; set; }
}
