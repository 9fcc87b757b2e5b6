namespace RingKit.Mmu.DirtyLogging;

/// <summary>How a log over a hashed page table learns which pages were written. All report the same pages.</summary>
public enum HashTableLogMethod
{
    /// <summary>C of each entry, by each page's chain of entries: KVM's way since 2011.</summary>
    Walk,

    /// <summary>C of each entry, by one SIMD pass over the table.</summary>
    Sweep,

    /// <summary>The cheaper of the two, estimated from a few pages before each harvest.</summary>
    Cheapest,

    /// <summary>Entries stay read-only until a store faults: what the review of 2011 asked about.</summary>
    Faults,
}
