using RingKit.Memory;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>
/// A vCPU's ring of dirty pages as it was first proposed for KVM, in 2019: the entries carry no state, and two free-running 32-bit indices,
/// avail and fetch, say what is published and what is harvested.
/// </summary>
/// <remarks>
/// Roles and thread roles are those of <see cref="DirtyRing"/>. Where the proposal was wrong it is not followed: fetch_index is checked, and
/// nothing is lost when the ring is full. See docs/dirty-ring.md.
/// </remarks>
public sealed class IndexPublishedDirtyRing : IndexPublishedRing<PowerOfTwoIndexing>
{
    /// <summary>Makes an empty ring in memory of its own, page aligned.</summary>
    /// <param name="capacity">Entries: a power of two, at most <see cref="DirtyRing.MaximumCapacity"/>.</param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <param name="layout">Where the two shared indices lie.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is none of these.</exception>
    public IndexPublishedDirtyRing(
        int capacity, int reservedEntries = DirtyRing.DefaultReservedEntries, IndexLayout layout = IndexLayout.Separate)
        : base(capacity, reservedEntries, layout)
    {
    }

    /// <summary>Lays an empty ring over memory that exists, and that others may map and write: whatever they do there is bounded and counted.</summary>
    /// <param name="entries">The entries: a power of two of them. Nothing is copied or cleared.</param>
    /// <param name="indices">At least <see cref="IndexPublishedLayout.Words"/> words, which become 0.</param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <param name="layout">Where the two shared indices lie.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is none of these.</exception>
    public IndexPublishedDirtyRing(
        NativeView<DirtyGfn> entries,
        NativeView<uint> indices,
        int reservedEntries = DirtyRing.DefaultReservedEntries,
        IndexLayout layout = IndexLayout.Separate)
        : base(entries, indices, reservedEntries, layout)
    {
    }

    /// <summary>The end for the vCPU that dirties pages. One thread at a time.</summary>
    public IndexPublishedProducer<PowerOfTwoIndexing> Producer => new(Core);
}
