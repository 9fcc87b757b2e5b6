using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.DirtyRings.Resizing;

/// <summary>Which of its rings each party of a <see cref="ResizableDirtyRing"/> is at, counted from 0. Each word on a line of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4 * CacheLine.Separation)]
internal struct ResizableControl
{
    /// <summary>The newest ring. Written by who resizes.</summary>
    [FieldOffset(0)]
    public uint Requested;

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
