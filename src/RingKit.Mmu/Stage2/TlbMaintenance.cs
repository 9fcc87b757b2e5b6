namespace RingKit.Mmu.Stage2;

/// <summary>The TLBs of some vCPUs, the checker, and how often each kind of invalidation was asked for.</summary>
/// <remarks>Thread role: one thread at a time.</remarks>
internal sealed class TlbMaintenance
{
    /// <summary>TLBs of so many vCPUs.</summary>
    public TlbMaintenance(int vcpus) => Tlbs = [.. Enumerable.Range(0, vcpus).Select(_ => new Stage2Tlb())];

    /// <summary>The vCPUs' TLBs.</summary>
    public IReadOnlyList<Stage2Tlb> Tlbs { get; }

    /// <summary>Watches.</summary>
    public Stage2Checker Checker { get; } = new();

    /// <summary>Broadcast invalidations by address.</summary>
    public int ByIpa { get; set; }

    /// <summary>Broadcast invalidations of a range.</summary>
    public int ByRange { get; set; }

    /// <summary>Broadcast invalidations of everything.</summary>
    public int OfAll { get; set; }

    /// <summary>Invalidations in one vCPU.</summary>
    public int Local { get; set; }

    /// <summary>The thread of a vCPU, for the page table's code.</summary>
    /// <param name="vcpu">Which.</param>
    public MaintainingThread ThreadOf(int vcpu) => new(this, vcpu);
}
