using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.DirtyRings.Resizing;

/// <summary>Which of its rings each party of a <see cref="ResizableDirtyRing"/> is at, counted from 0. A separated line a party.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4 * CacheLine.Separation)]
internal unsafe struct ResizableControl
{
    /// <summary>The newest ring. Written by who resizes.</summary>
    [FieldOffset(0)]
    public uint Requested;

    /// <summary>Which ring is in each of the two places. Written by who resizes, together with the place, before <see cref="Requested"/>.</summary>
    [FieldOffset(4)]
    public fixed uint Places[2];

    /// <summary>The newest ring's capacity in bits 0..31 and its soft limit in bits 32..63, for anyone who asks. Written by who resizes.</summary>
    [FieldOffset(16)]
    public ulong Shape;

    /// <summary>Written by the producer: it pushes into no ring before this one any more.</summary>
    [FieldOffset(CacheLine.Separation)]
    public uint Pushing;

    /// <summary>Written by the harvester: all rings before this one are harvested.</summary>
    [FieldOffset(2 * CacheLine.Separation)]
    public uint Harvesting;

    /// <summary>Written by the resetter: all rings before this one are reset, and nobody uses them.</summary>
    [FieldOffset(3 * CacheLine.Separation)]
    public uint Resetting;
}
