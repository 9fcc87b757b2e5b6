namespace RingKit.Mmu.Stage2.Host;

/// <summary>What stands behind a region of the host process.</summary>
internal enum HostRegionKind
{
    /// <summary>Anonymous memory: pages of 4 KiB, and transparent huge pages of 2 MiB if the region has them.</summary>
    Anonymous,

    /// <summary>hugetlbfs with pages of 2 MiB.</summary>
    HugeTlb2M,

    /// <summary>hugetlbfs with pages of 1 GiB.</summary>
    HugeTlb1G,

    /// <summary>A driver's: VM_PFNMAP. Physical addresses without pages, contiguous, always there.</summary>
    PfnMapped,
}
