using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.DirtyRings.Overflow;

/// <summary>The words beside the ring and the bitmaps of an <see cref="OverflowingDirtyRing"/>, each on a line of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Separation)]
internal struct OverflowControl
{
    /// <summary>1 if a bitmap may hold pages, and the producer uses the bitmaps; raised by the producer, lowered by the collector.</summary>
    [FieldOffset(0)]
    public ulong Overflowed;

    /// <summary>Pushes that went to a bitmap. Written by the producer.</summary>
    [FieldOffset(CacheLine.Separation)]
    public ulong FallBacks;
}
