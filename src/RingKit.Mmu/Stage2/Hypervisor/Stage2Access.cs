namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What an access wants.</summary>
internal enum Stage2Access
{
    /// <summary>To load.</summary>
    Load,

    /// <summary>To store.</summary>
    Store,

    /// <summary>To fetch an instruction.</summary>
    Fetch,

    /// <summary>To walk the guest's own table: S1PTW.</summary>
    GuestWalk,

    /// <summary>To maintain a cache.</summary>
    CacheMaintenance,
}
