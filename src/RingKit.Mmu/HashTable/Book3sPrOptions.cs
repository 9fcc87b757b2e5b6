namespace RingKit.Mmu.HashTable;

/// <summary>How KVM's Book3S PR maps a guest's pages, by shadow entries in the host's own table.</summary>
public sealed record Book3sPrOptions
{
    /// <summary>
    /// Whether a load, too, maps a page for writing, as KVM does where the guest may write it. A dirty log then reports pages that were loaded from and not
    /// stored to. False maps them read-only until a store, which costs a page that is both loaded and stored to a second fault, and every report is exact.
    /// </summary>
    public bool MapsLoadsForWriting { get; init; }
}
