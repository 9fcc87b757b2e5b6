namespace RingKit.DirtyRings.IndexPublished;

/// <summary>
/// The proposal's ring of a whole machine: an index-published dirty ring whose producers, any number of threads, take turns under a lock.
/// </summary>
/// <remarks>For writers that are no vCPU: devices, or the monitor itself. Each vCPU has an <see cref="IndexPublishedDirtyRing"/>, without a lock.</remarks>
public sealed class VmDirtyRing : IndexPublishedRing<PowerOfTwoIndexing>
{
    /// <summary>Makes an empty ring in memory of its own, page aligned.</summary>
    /// <param name="capacity">Entries: a power of two, at most <see cref="DirtyRing.MaximumCapacity"/>.</param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <param name="layout">Where the two shared indices lie.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is none of these.</exception>
    public VmDirtyRing(
        int capacity, int reservedEntries = DirtyRing.DefaultReservedEntries, IndexLayout layout = IndexLayout.Separate)
        : base(capacity, reservedEntries, layout)
    {
    }

    /// <summary>The end for all writers. Any number of threads.</summary>
    public LockedProducer Producer => new(Core);
}
