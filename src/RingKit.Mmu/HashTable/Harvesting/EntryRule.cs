namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>Which valid entries a pass takes from the processors for a moment.</summary>
internal enum EntryRule
{
    /// <summary>Those with C.</summary>
    Changed,

    /// <summary>Those with C, and those through which a processor may have stored without having written C back.</summary>
    ChangedOrWritable,

    /// <summary>Those that can be written, to make them read-only.</summary>
    Writable,
}
