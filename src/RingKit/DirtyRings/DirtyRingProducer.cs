using System.Runtime.CompilerServices;
using RingKit.Ordering;

namespace RingKit.DirtyRings;

/// <summary>The producing end of a slot-published dirty ring: one simulated vCPU pushes the pages that it dirtied.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with one <see cref="DirtyRingHarvester"/> and one <see cref="DirtyRingResetter"/>.
/// Layout and states: Linux <c>struct kvm_dirty_gfn</c>, docs/dirty-ring.md.
/// </remarks>
public readonly struct DirtyRingProducer
{
    private readonly DirtyRingCore<HardwareOrdering> _ring;

    internal DirtyRingProducer(DirtyRingCore<HardwareOrdering> ring) => _ring = ring;

    /// <summary>Entries that can be pushed before <see cref="PushResult.Full"/>. Only a push makes it smaller; a reset may make it larger at any time.</summary>
    public int Room => (int)_ring.Room();

    /// <summary>Whether the ring is at or above its soft limit. A reset may end that at any time.</summary>
    public bool IsSoftFull => _ring.IsSoftFull();

    /// <summary>Publishes one dirty page.</summary>
    /// <param name="slot">Address space id in bits 16..31, memory slot id in bits 0..15.</param>
    /// <param name="offset">Page index inside the slot, in pages.</param>
    /// <returns><see cref="PushResult.Full"/> if nothing was stored: the caller still owns the page.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushResult TryPush(uint slot, ulong offset) => _ring.TryPush(slot, offset);
}
