using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.Rings.Cores;

/// <summary>What one end of a ring keeps to itself, on a line that no other end writes and no other process sees.</summary>
[StructLayout(LayoutKind.Explicit, Size = CacheLine.Separation)]
internal struct RoleLine
{
    /// <summary>The index of the next item that this end writes or reads.</summary>
    [FieldOffset(0)]
    public ulong Next;

    /// <summary>The other end's index as it was last seen: never ahead of it.</summary>
    [FieldOffset(8)]
    public ulong Known;

    /// <summary>Rounds in which this end waited.</summary>
    [FieldOffset(16)]
    public ulong Waits;

    /// <summary>The most items that this end has seen in the ring.</summary>
    [FieldOffset(24)]
    public ulong HighWater;

    /// <summary>Items that this end overwrote unread, or found overwritten.</summary>
    [FieldOffset(32)]
    public ulong Dropped;

    /// <summary>Indices of the other end that were out of range.</summary>
    [FieldOffset(40)]
    public ulong Foreign;

    /// <summary>Claims that this end stepped over, since their producers had given them up.</summary>
    [FieldOffset(64)]
    public ulong Aborted;

    /// <summary>Looks at the other end's index that <see cref="Pacing"/> lets pass without a pause.</summary>
    [FieldOffset(48)]
    public uint PacingSkips;

    /// <summary>How many it let pass last time.</summary>
    [FieldOffset(52)]
    public uint PacingSkipLength;

    /// <summary>Not 0 once this end has completed the ring, or was thrown out of it.</summary>
    [FieldOffset(56)]
    public uint Closed;
}
