using RingKit.Memory;

namespace RingKit.Rings;

/// <summary>Where a ring keeps what its ends share: the contract between processes, and with programs in other languages.</summary>
/// <remarks>
/// All numbers are little-endian, all offsets are in bytes from the start of the memory, which is aligned to <see cref="Alignment"/>.
/// Indices count items since the ring was made and run freely; the item of index i lies in slot i modulo the capacity. docs/rings.md has
/// the protocol.
/// </remarks>
public static class SharedRingLayout
{
    /// <summary>The first 8 bytes: <c>RINGKIT</c> and a zero.</summary>
    public const ulong Magic = 0x0054_494b_474e_4952;

    /// <summary>The layout that this page describes.</summary>
    public const uint Version = 1;

    /// <summary>Kind of an <see cref="SpscRing{T}"/>.</summary>
    public const uint KindSpsc = 1;

    /// <summary>Kind of an <see cref="MpscRing{T}"/>.</summary>
    public const uint KindMpsc = 2;

    /// <summary>Kind of a <see cref="BroadcastRing{T}"/>.</summary>
    public const uint KindBroadcast = 3;

    /// <summary>128: of the memory, of each index, of the stamps and of the items.</summary>
    public const int Alignment = CacheLine.Separation;

    /// <summary>64 bits: <see cref="Magic"/>, stored last when a ring is made.</summary>
    public const int MagicOffset = 0;

    /// <summary>32 bits: <see cref="Version"/>.</summary>
    public const int VersionOffset = 8;

    /// <summary>32 bits: <see cref="KindSpsc"/>, <see cref="KindMpsc"/> or <see cref="KindBroadcast"/>.</summary>
    public const int KindOffset = 12;

    /// <summary>32 bits: the size of an item in bytes.</summary>
    public const int ItemSizeOffset = 16;

    /// <summary>32 bits: <see cref="FullPolicy"/>, or <see cref="LaggardPolicy"/> of a broadcast ring.</summary>
    public const int PolicyOffset = 20;

    /// <summary>64 bits: the number of slots, a power of two.</summary>
    public const int CapacityOffset = 24;

    /// <summary>32 bits: the number of cursors in a broadcast ring, 0 otherwise.</summary>
    public const int CursorCountOffset = 32;

    /// <summary>
    /// 64 bits: items published (claimed, in an <see cref="MpscRing{T}"/>), with <see cref="CompletedBit"/>. Written by producers.
    /// </summary>
    public const int TailOffset = 1 * Alignment;

    /// <summary>64 bits: items taken, with <see cref="LockedBit"/>. Written by the consumer, and by producers that overwrite.</summary>
    public const int HeadOffset = 2 * Alignment;

    /// <summary>
    /// 64 bits: in an <see cref="MpscRing{T}"/> the head as a producer last saw it, which saves the others the look. Otherwise unused.
    /// </summary>
    public const int KnownHeadOffset = 3 * Alignment;

    /// <summary>
    /// 64 bits each, <see cref="Alignment"/> apart: the cursors of a broadcast ring, like the head, or one of the two values below.
    /// </summary>
    public const int CursorsOffset = 4 * Alignment;

    /// <summary>Bit 63 of the tail: no more items come.</summary>
    public const ulong CompletedBit = 1UL << 63;

    /// <summary>Bit 63 of the head or a cursor: items from it on are being read, and must not be overwritten.</summary>
    public const ulong LockedBit = 1UL << 63;

    /// <summary>A cursor that no reader holds.</summary>
    public const ulong FreeCursor = ulong.MaxValue;

    /// <summary>A cursor whose reader was thrown out, and has not left yet.</summary>
    public const ulong DetachedCursor = ulong.MaxValue - 1;

    /// <summary>The most slots: 2^27.</summary>
    public const int MaximumCapacity = 1 << 27;

    /// <summary>The most cursors in a broadcast ring.</summary>
    public const int MaximumCursors = 1024;

    /// <summary>Where the stamps of an <see cref="MpscRing{T}"/> begin, 32 bits each, one for each slot.</summary>
    /// <param name="cursors">The number of cursors.</param>
    public static nuint StampsOffset(uint cursors) => (nuint)(CursorsOffset + ((long)cursors * Alignment));

    /// <summary>Where the items begin.</summary>
    /// <param name="kind">The kind of ring.</param>
    /// <param name="capacity">The number of slots.</param>
    /// <param name="cursors">The number of cursors.</param>
    public static nuint ItemsOffset(uint kind, ulong capacity, uint cursors)
    {
        nuint stamps = kind == KindMpsc ? (nuint)capacity * sizeof(uint) : 0;
        return (StampsOffset(cursors) + stamps + Alignment - 1) & ~(nuint)(Alignment - 1);
    }

    /// <summary>How many bytes a ring takes.</summary>
    /// <param name="kind">The kind of ring.</param>
    /// <param name="itemSize">The size of an item in bytes.</param>
    /// <param name="capacity">The number of slots.</param>
    /// <param name="cursors">The number of cursors.</param>
    public static nuint Length(uint kind, int itemSize, ulong capacity, uint cursors) =>
        ItemsOffset(kind, capacity, cursors) + ((nuint)capacity * (nuint)itemSize);
}
