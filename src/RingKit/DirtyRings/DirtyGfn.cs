using System.Runtime.InteropServices;

namespace RingKit.DirtyRings;

/// <summary>One entry of a slot-published dirty ring, byte for byte Linux's <c>struct kvm_dirty_gfn</c>.</summary>
/// <remarks>
/// <see cref="Flags"/> says who owns the entry: 0 the producer, <see cref="Dirty"/> the harvester, <see cref="Reset"/> the resetter.
/// Whoever may write this memory may write any value into any field.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
public struct DirtyGfn : IEquatable<DirtyGfn>
{
    /// <summary>16 bytes.</summary>
    public const int SizeInBytes = 16;

    /// <summary>Flag bit 0: published by the producer, not harvested yet.</summary>
    public const uint Dirty = 1;

    /// <summary>Flag bit 1: harvested, waiting for its page to be protected again. Bit 0 means nothing beside it.</summary>
    public const uint Reset = 2;

    /// <summary>0, <see cref="Dirty"/> or <see cref="Reset"/>.</summary>
    [FieldOffset(0)]
    public uint Flags;

    /// <summary>Address space id in bits 16..31, memory slot id in bits 0..15.</summary>
    [FieldOffset(4)]
    public uint Slot;

    /// <summary>Page index inside the slot, in pages.</summary>
    [FieldOffset(8)]
    public ulong Offset;

    /// <summary>Whether both entries hold the same flags, slot and offset.</summary>
    public static bool operator ==(DirtyGfn left, DirtyGfn right) => left.Equals(right);

    /// <summary>Whether the entries differ.</summary>
    public static bool operator !=(DirtyGfn left, DirtyGfn right) => !left.Equals(right);

    /// <inheritdoc/>
    public readonly bool Equals(DirtyGfn other) => Flags == other.Flags && Slot == other.Slot && Offset == other.Offset;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is DirtyGfn other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(Flags, Slot, Offset);

    /// <inheritdoc/>
    public override readonly string ToString() => $"{Slot:x}:{Offset} flags {Flags:x}";
}
