using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>Finds the rmap words that have any of some bits, a vector at a time.</summary>
/// <remarks>
/// Other threads change the words meanwhile. What it answers is a hint: whoever acts on a word locks it. Every path answers as the last line of
/// <see cref="AnyOfEight"/>, the definition, does.
/// </remarks>
internal static class RmapScan
{
    /// <summary>Bit i of the answer: whether word i has any of the bits.</summary>
    /// <param name="words">The first word.</param>
    /// <param name="count">From 0 to 64 words.</param>
    /// <param name="bits">The bits.</param>
    public static ulong Any(ref readonly ulong words, int count, ulong bits)
    {
        ulong found = 0;
        int i = 0;
        for (; i + 8 <= count; i += 8)
            found |= AnyOfEight(in words, (nuint)i, bits) << i;
        for (; i < count; i++)
            found |= Any(in words, (nuint)i, bits) << i;
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AnyOfEight(ref readonly ulong words, nuint from, ulong bits)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<ulong> some = Vector512.LoadUnsafe(in words, from) & Vector512.Create(bits);
            return (~Vector512.Equals(some, Vector512<ulong>.Zero)).ExtractMostSignificantBits();
        }

        if (Vector256.IsHardwareAccelerated)
            return AnyOfFour(in words, from, bits) | AnyOfFour(in words, from + 4, bits) << 4;

        ulong found = 0;
        for (nuint i = 0; i < 8; i++)
            found |= Any(in words, from + i, bits) << (int)i;
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AnyOfFour(ref readonly ulong words, nuint from, ulong bits)
    {
        Vector256<ulong> some = Vector256.LoadUnsafe(in words, from) & Vector256.Create(bits);
        return (~Vector256.Equals(some, Vector256<ulong>.Zero)).ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Any(ref readonly ulong words, nuint index, ulong bits) =>
        (Unsafe.Add(ref Unsafe.AsRef(in words), index) & bits) != 0 ? 1UL : 0;
}
