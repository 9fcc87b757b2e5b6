using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>Indices that run freely through all 2^32 values: a power of two divides them, so the wrap needs no care.</summary>
public readonly struct PowerOfTwoIndexing : IIndexing
{
    /// <inheritdoc/>
    public static string Rule => "a power of two";

    /// <inheritdoc/>
    public static bool IsCapacity(long capacity) => capacity is >= 1 and <= DirtyRing.MaximumCapacity && BitOperations.IsPow2(capacity);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsIndex(uint value, uint capacity) => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Advance(uint index, uint steps, uint capacity) => unchecked(index + steps);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Distance(uint from, uint to, uint capacity) => unchecked(to - from);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint EntryOf(uint index, uint capacity) => index & (capacity - 1);
}
