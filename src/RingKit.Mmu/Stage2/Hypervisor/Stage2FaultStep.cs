namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Where a fault may be overtaken by somebody else: a test puts him there.</summary>
internal enum Stage2FaultStep
{
    /// <summary>The host's region is known, its page not yet.</summary>
    RegionSeen,

    /// <summary>The host's page is known, and the lock not taken.</summary>
    PageFound,
}
