namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>What logging cost the host. Written under the machine's lock.</summary>
internal sealed class TdpLogCounts
{
    /// <summary>Flushes of all vCPUs' TLBs.</summary>
    public ulong Flushes { get; set; }

    /// <summary>Large leaves split ahead.</summary>
    public ulong EagerSplits { get; set; }

    /// <summary>Leaves that lost W or D.</summary>
    public ulong Protected { get; set; }

    /// <summary>What recovery brought back.</summary>
    public TdpRecovered Recovered { get; set; }

    /// <summary>Leaves taken away by invalidations.</summary>
    public ulong Zapped { get; set; }
}
