using RingKit.Ordering;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>The producing end of a machine's own dirty ring: for writers that are no vCPU, one after the other.</summary>
/// <remarks>Thread role: any number of threads, concurrently with one harvester and one resetter. A push spins while another is under way.</remarks>
public readonly struct LockedProducer
{
    private readonly IndexPublishedCore<HardwareOrdering, PowerOfTwoIndexing> _ring;

    internal LockedProducer(IndexPublishedCore<HardwareOrdering, PowerOfTwoIndexing> ring) => _ring = ring;

    /// <summary>Publishes one dirty page. The pushes of one thread stay in their order.</summary>
    /// <param name="slot">Address space id in bits 16..31, memory slot id in bits 0..15.</param>
    /// <param name="offset">Page index inside the slot, in pages.</param>
    /// <returns><see cref="PushResult.Full"/>, the proposal's EBUSY, if nothing was stored: the caller still owns the page.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public PushResult TryPush(uint slot, ulong offset) => _ring.TryPushLocked(slot, offset);
}
