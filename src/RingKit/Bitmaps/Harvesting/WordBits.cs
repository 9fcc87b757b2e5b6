using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>Places of bits, for loops in which each instruction between two atomic steps counts.</summary>
internal static class WordBits
{
    /// <summary>The lowest set bit's place; 64 if there is none. Saves the widening of <see cref="BitOperations.TrailingZeroCount(ulong)"/>'s 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LowestPlace(ulong mask) =>
        Bmi1.X64.IsSupported ? Bmi1.X64.TrailingZeroCount(mask) : (uint)BitOperations.TrailingZeroCount(mask);

    /// <summary>How many bits are set. Saves the widening of <see cref="BitOperations.PopCount(ulong)"/>'s 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Count(ulong mask) => Popcnt.X64.IsSupported ? Popcnt.X64.PopCount(mask) : (uint)BitOperations.PopCount(mask);
}
