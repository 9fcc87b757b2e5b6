using System.Runtime.CompilerServices;
using RingKit.Ordering;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>The producing end of an index-published dirty ring of one vCPU.</summary>
/// <remarks>Thread role: one thread at a time, concurrently with one harvester and one resetter.</remarks>
/// <typeparam name="TIndexing">How the ring counts.</typeparam>
public readonly struct IndexPublishedProducer<TIndexing>
    where TIndexing : struct, IIndexing
{
    private readonly IndexPublishedCore<HardwareOrdering, TIndexing> _ring;

    internal IndexPublishedProducer(IndexPublishedCore<HardwareOrdering, TIndexing> ring) => _ring = ring;

    /// <summary>Entries that can be pushed before <see cref="PushResult.Full"/>. Only a push makes it smaller; a reset may make it larger at any time.</summary>
    public int Room => (int)_ring.Room();

    /// <summary>Whether the ring is at or above its soft limit. A reset may end that at any time.</summary>
    public bool IsSoftFull => _ring.IsSoftFull();

    /// <summary>Publishes one dirty page.</summary>
    /// <param name="slot">Address space id in bits 16..31, memory slot id in bits 0..15.</param>
    /// <param name="offset">Page index inside the slot, in pages.</param>
    /// <returns><see cref="PushResult.Full"/>, the proposal's EBUSY, if nothing was stored: the caller still owns the page.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushResult TryPush(uint slot, ulong offset) => _ring.TryPush(slot, offset);
}
