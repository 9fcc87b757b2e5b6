using System.Runtime.CompilerServices;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>Indices from 0 to twice the capacity less one, for any capacity n.</summary>
/// <remarks>
/// An index that ran freely through 2^32 values would jump in the ring when it wraps, since n need not divide 2^32. Modulo 2n it does not, and
/// empty (distance 0) still differs from full (distance n). The price is a compare instead of a mask, which a branch or a conditional move pays.
/// </remarks>
public readonly struct AnyCapacityIndexing : IIndexing
{
    /// <inheritdoc/>
    public static string Rule => "any number";

    /// <inheritdoc/>
    public static bool IsCapacity(long capacity) => capacity is >= 1 and <= DirtyRing.MaximumCapacity;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsIndex(uint value, uint capacity) => value < 2 * capacity;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Advance(uint index, uint steps, uint capacity)
    {
        uint sum = index + steps;
        return sum < 2 * capacity ? sum : sum - (2 * capacity);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Distance(uint from, uint to, uint capacity) => to >= from ? to - from : to + (2 * capacity) - from;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint EntryOf(uint index, uint capacity) => index < capacity ? index : index - capacity;
}
