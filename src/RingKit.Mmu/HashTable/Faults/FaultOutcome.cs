namespace RingKit.Mmu.HashTable.Faults;

/// <summary>What the first-level handler, which looks at the table alone, makes of a fault.</summary>
internal enum FaultOutcome
{
    /// <summary>The reason has gone; the guest tries again.</summary>
    Retry,

    /// <summary>The guest's own table forbids it: the guest gets a data storage interrupt.</summary>
    Reflect,

    /// <summary>The guest may do it, and the host has to help.</summary>
    HostHandler,

    /// <summary>The same, and by its key 31 the page is likely to be a device's: the handler needs the instruction.</summary>
    Mmio,
}
