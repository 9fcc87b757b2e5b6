using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Rings.Cores;

/// <summary>What the header of a ring says. Written once when the ring is made, checked whenever one is attached to.</summary>
internal readonly record struct RingShape(uint Kind, int ItemSize, ulong Capacity, uint Policy, uint Cursors)
{
    public nuint Length => SharedRingLayout.Length(Kind, ItemSize, Capacity, Cursors);

    /// <exception cref="ArgumentOutOfRangeException">There is no ring of such a capacity.</exception>
    public static void CheckCapacity(long capacity)
    {
        if (capacity is < 1 or > SharedRingLayout.MaximumCapacity || !BitOperations.IsPow2(capacity))
        {
            throw new ArgumentOutOfRangeException(
                nameof(capacity), capacity, $"The capacity must be a power of two from 1 to {SharedRingLayout.MaximumCapacity} items.");
        }
    }

    /// <exception cref="ArgumentOutOfRangeException">There is no such policy.</exception>
    public static void CheckPolicy(FullPolicy policy)
    {
        if (policy is < FullPolicy.Reject or > FullPolicy.Block)
            throw new ArgumentOutOfRangeException(nameof(policy), policy, "The policy must be Reject, OverwriteOldest or Block.");
    }

    /// <summary>Makes an empty ring in the memory. The magic comes last: who sees it sees a whole ring.</summary>
    /// <exception cref="ArgumentException">The memory is misaligned or too small.</exception>
    public unsafe void Format<TOrdering>(NativeView<byte> memory, ulong startIndex)
        where TOrdering : struct, IOrdering
    {
        CheckAlignment(memory);
        if (memory.Length < Length)
            throw new ArgumentException($"The memory has {memory.Length} bytes; the ring takes {Length}.", nameof(memory));

        byte* start = memory.DangerousPointer;
        TOrdering.StoreRelaxed(ref At<ulong>(start, SharedRingLayout.MagicOffset), 0);
        TOrdering.WritePlain(ref At<uint>(start, SharedRingLayout.VersionOffset), SharedRingLayout.Version);
        TOrdering.WritePlain(ref At<uint>(start, SharedRingLayout.KindOffset), Kind);
        TOrdering.WritePlain(ref At<uint>(start, SharedRingLayout.ItemSizeOffset), (uint)ItemSize);
        TOrdering.WritePlain(ref At<uint>(start, SharedRingLayout.PolicyOffset), Policy);
        TOrdering.WritePlain(ref At<ulong>(start, SharedRingLayout.CapacityOffset), Capacity);
        TOrdering.WritePlain(ref At<uint>(start, SharedRingLayout.CursorCountOffset), Cursors);
        TOrdering.StoreRelaxed(ref At<ulong>(start, SharedRingLayout.TailOffset), startIndex);
        TOrdering.StoreRelaxed(ref At<ulong>(start, SharedRingLayout.HeadOffset), startIndex);
        TOrdering.StoreRelaxed(ref At<ulong>(start, SharedRingLayout.KnownHeadOffset), Kind == SharedRingLayout.KindMpsc ? startIndex : 0);
        for (uint cursor = 0; cursor < Cursors; cursor++)
        {
            nuint offset = SharedRingLayout.CursorsOffset + ((nuint)cursor * SharedRingLayout.Alignment);
            TOrdering.StoreRelaxed(ref At<ulong>(start, offset), SharedRingLayout.FreeCursor);
        }

        if (Kind == SharedRingLayout.KindMpsc)
        {
            uint* stamps = (uint*)(start + SharedRingLayout.StampsOffset(Cursors));
            for (ulong i = 0; i < Capacity; i++)
                TOrdering.StoreRelaxed(ref stamps[(startIndex + i) & (Capacity - 1)], MpscStamp.Published(startIndex + i - Capacity));
        }

        TOrdering.StoreRelease(ref At<ulong>(start, SharedRingLayout.MagicOffset), SharedRingLayout.Magic);   // E8: the header is whole
    }

    /// <summary>Reads and checks the header of a ring that is there. Everything is read once; nothing in it is trusted.</summary>
    /// <exception cref="ArgumentException">The memory is misaligned.</exception>
    /// <exception cref="InvalidDataException">The memory holds no such ring, and the message says what it holds.</exception>
    public static unsafe RingShape Read<TOrdering>(NativeView<byte> memory, uint kind, int itemSize)
        where TOrdering : struct, IOrdering
    {
        CheckAlignment(memory);
        if (memory.Length < SharedRingLayout.CursorsOffset)
            throw new InvalidDataException($"A ring has at least {SharedRingLayout.CursorsOffset} bytes; here are {memory.Length}.");

        byte* start = memory.DangerousPointer;
        ulong magic = TOrdering.LoadAcquire(ref At<ulong>(start, SharedRingLayout.MagicOffset));              // E8
        Check(magic == SharedRingLayout.Magic, $"The memory begins with {magic:x16}, not with a ring's magic.");
        uint version = TOrdering.ReadPlain(ref At<uint>(start, SharedRingLayout.VersionOffset));
        Check(version == SharedRingLayout.Version, $"The ring has layout version {version}; known is {SharedRingLayout.Version}.");
        uint foundKind = TOrdering.ReadPlain(ref At<uint>(start, SharedRingLayout.KindOffset));
        Check(foundKind == kind, $"The ring is of kind {foundKind}, and was opened as kind {kind}.");
        uint foundSize = TOrdering.ReadPlain(ref At<uint>(start, SharedRingLayout.ItemSizeOffset));
        Check(foundSize == (uint)itemSize, $"The ring's items have {foundSize} bytes, and were opened with {itemSize}.");
        ulong capacity = TOrdering.ReadPlain(ref At<ulong>(start, SharedRingLayout.CapacityOffset));
        Check(
            capacity <= SharedRingLayout.MaximumCapacity && BitOperations.IsPow2(capacity),
            $"The ring's capacity of {capacity} is not a power of two up to {SharedRingLayout.MaximumCapacity}.");
        uint policy = TOrdering.ReadPlain(ref At<uint>(start, SharedRingLayout.PolicyOffset));
        Check(policy <= (uint)FullPolicy.Block, $"The ring's policy {policy} is unknown.");
        uint cursors = TOrdering.ReadPlain(ref At<uint>(start, SharedRingLayout.CursorCountOffset));
        Check(
            kind == SharedRingLayout.KindBroadcast ? cursors is >= 1 and <= SharedRingLayout.MaximumCursors : cursors == 0,
            $"The ring's number of cursors, {cursors}, is out of range.");

        var shape = new RingShape(kind, itemSize, capacity, policy, cursors);
        Check(memory.Length >= shape.Length, $"The ring takes {shape.Length} bytes, and the memory ends after {memory.Length}.");
        return shape;
    }

    private static unsafe void CheckAlignment(NativeView<byte> memory)
    {
        if (((nuint)memory.DangerousPointer & (SharedRingLayout.Alignment - 1)) != 0)
            throw new ArgumentException($"The address must be a multiple of {SharedRingLayout.Alignment}.", nameof(memory));
    }

    private static void Check(bool condition, string message)
    {
        if (!condition)
            throw new InvalidDataException(message);
    }

    private static unsafe ref TWord At<TWord>(byte* start, nuint offset)
        where TWord : unmanaged => ref Unsafe.AsRef<TWord>(start + offset);
}
