using System.Runtime.CompilerServices;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Resizing;

/// <summary>The producing end of a <see cref="ResizableDirtyRing"/>.</summary>
/// <remarks>Thread role: one thread at a time.</remarks>
public readonly struct ResizableProducer
{
    private readonly ResizableCore<HardwareOrdering> _ring;

    internal ResizableProducer(ResizableCore<HardwareOrdering> ring) => _ring = ring;

    /// <summary>Publishes one dirty page, in the newest ring.</summary>
    /// <param name="slot">Address space id in bits 16..31, memory slot id in bits 0..15.</param>
    /// <param name="offset">Page index inside the slot, in pages.</param>
    /// <returns><see cref="PushResult.Full"/> if nothing was stored: the caller still owns the page.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushResult TryPush(uint slot, ulong offset) => _ring.TryPush(slot, offset);
}
