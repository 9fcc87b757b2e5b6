using System.Runtime.CompilerServices;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Overflow;

/// <summary>The producing end of an <see cref="OverflowingDirtyRing"/>.</summary>
/// <remarks>Thread role: one thread at a time, concurrently with one <see cref="OverflowingCollector"/>.</remarks>
public readonly struct OverflowingProducer
{
    private readonly OverflowingCore<HardwareOrdering> _ring;

    internal OverflowingProducer(OverflowingCore<HardwareOrdering> ring) => _ring = ring;

    /// <summary>Publishes one dirty page, in the ring or in its slot's bitmap.</summary>
    /// <param name="slot">Address space id in bits 16..31, memory slot id in bits 0..15.</param>
    /// <param name="offset">Page index inside the slot, in pages.</param>
    /// <returns>
    /// <see cref="PushResult.FellBack"/> if the bitmap has it; <see cref="PushResult.Full"/> only if the ring could not take the page and it lies
    /// in none of the slots: then nothing was stored.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushResult Push(uint slot, ulong offset) => _ring.Push(slot, offset);
}
