namespace RingKit.Mmu.HashTable.Faults;

/// <summary>What the second-level handler, which knows the host's pages, did about a fault.</summary>
internal enum PageFaultOutcome
{
    /// <summary>Nothing: the entry or the host's page has changed meanwhile, or the table is being resized. The guest tries again.</summary>
    Retry,

    /// <summary>The entry was absent and is valid.</summary>
    Installed,

    /// <summary>The entry was valid and is so again, with the protection that the host's page has now.</summary>
    Replaced,

    /// <summary>There is no memory: the access is a device's, to be emulated.</summary>
    Mmio,

    /// <summary>EFAULT: the host has no page that fits the entry.</summary>
    NoHostPage,
}
