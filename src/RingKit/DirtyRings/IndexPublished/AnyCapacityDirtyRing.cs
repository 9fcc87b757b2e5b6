namespace RingKit.DirtyRings.IndexPublished;

/// <summary>An index-published dirty ring of any number of entries, not only powers of two.</summary>
/// <remarks>A type of its own, so that what a compare instead of a mask costs can be measured: see <see cref="AnyCapacityIndexing"/>.</remarks>
public sealed class AnyCapacityDirtyRing : IndexPublishedRing<AnyCapacityIndexing>
{
    /// <summary>Makes an empty ring in memory of its own, page aligned.</summary>
    /// <param name="capacity">Entries: any number, at most <see cref="DirtyRing.MaximumCapacity"/>.</param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <param name="layout">Where the two shared indices lie.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is none of these.</exception>
    public AnyCapacityDirtyRing(
        int capacity, int reservedEntries = DirtyRing.DefaultReservedEntries, IndexLayout layout = IndexLayout.Separate)
        : base(capacity, reservedEntries, layout)
    {
    }

    /// <summary>The end for the vCPU that dirties pages. One thread at a time.</summary>
    public IndexPublishedProducer<AnyCapacityIndexing> Producer => new(Core);
}
