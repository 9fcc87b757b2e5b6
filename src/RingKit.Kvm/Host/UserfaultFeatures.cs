namespace RingKit.Kvm.Host;

/// <summary>What a kernel's userfaultfd can do, by the bits of <c>UFFDIO_API</c>.</summary>
[Flags]
public enum UserfaultFeatures : ulong
{
    /// <summary>Nothing beyond missing pages.</summary>
    None = 0,

    /// <summary>Faults at pages that are write-protected.</summary>
    PagefaultFlagWp = 1UL << 0,

    /// <summary>Tells of forks.</summary>
    EventFork = 1UL << 1,

    /// <summary>Tells of mappings that are moved.</summary>
    EventRemap = 1UL << 2,

    /// <summary>Tells of pages that are given up.</summary>
    EventRemove = 1UL << 3,

    /// <summary>Missing pages of hugetlbfs.</summary>
    MissingHugetlbfs = 1UL << 4,

    /// <summary>Missing pages of shared memory.</summary>
    MissingShmem = 1UL << 5,

    /// <summary>Tells of mappings that end.</summary>
    EventUnmap = 1UL << 6,

    /// <summary>A signal in place of a message.</summary>
    Sigbus = 1UL << 7,

    /// <summary>Messages name the thread.</summary>
    ThreadId = 1UL << 8,

    /// <summary>Minor faults of hugetlbfs.</summary>
    MinorHugetlbfs = 1UL << 9,

    /// <summary>Minor faults of shared memory.</summary>
    MinorShmem = 1UL << 10,

    /// <summary>Messages have the address to the byte.</summary>
    ExactAddress = 1UL << 11,

    /// <summary>Write protection of hugetlbfs and shared memory.</summary>
    WpHugetlbfsShmem = 1UL << 12,

    /// <summary>Write protection of pages that are not there yet (Linux 6.4).</summary>
    WpUnpopulated = 1UL << 13,

    /// <summary>Poisoned pages.</summary>
    Poison = 1UL << 14,

    /// <summary>A write to a protected page goes on by itself, and the page is protected no longer (Linux 6.7).</summary>
    WpAsync = 1UL << 15,

    /// <summary>Moves pages.</summary>
    Move = 1UL << 16,
}
