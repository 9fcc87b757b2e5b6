using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Eight pairs a step. Two vectors are parted into eight first and eight second words, so that one comparison judges whole pairs.</summary>
internal readonly struct Vector512Matcher : IPairMatcher
{
    // All eight steps are written out: as a loop they take a tenth longer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Match(ref readonly WordPair pairs, ulong first, ulong second)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        Vector512<ulong> firstWanted = Vector512.Create(first);
        Vector512<ulong> secondWanted = Vector512.Create(second);
        return Eight(in words, 0, firstWanted, secondWanted)
            | Eight(in words, 8, firstWanted, secondWanted) << 8
            | Eight(in words, 16, firstWanted, secondWanted) << 16
            | Eight(in words, 24, firstWanted, secondWanted) << 24
            | Eight(in words, 32, firstWanted, secondWanted) << 32
            | Eight(in words, 40, firstWanted, secondWanted) << 40
            | Eight(in words, 48, firstWanted, secondWanted) << 48
            | Eight(in words, 56, firstWanted, secondWanted) << 56;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Eight(ref readonly ulong words, nuint pair, Vector512<ulong> firstWanted, Vector512<ulong> secondWanted)
    {
        Vector512<ulong> low = Vector512.LoadUnsafe(in words, pair * 2);
        Vector512<ulong> high = Vector512.LoadUnsafe(in words, (pair * 2) + 8);
        Vector512<ulong> firsts = Avx512F.PermuteVar8x64x2(low, Vector512.Create(0UL, 2, 4, 6, 8, 10, 12, 14), high);
        Vector512<ulong> seconds = Avx512F.PermuteVar8x64x2(low, Vector512.Create(1UL, 3, 5, 7, 9, 11, 13, 15), high);
        Vector512<ulong> missing = Vector512.AndNot(firstWanted, firsts) | Vector512.AndNot(secondWanted, seconds);
        return Vector512.Equals(missing, Vector512<ulong>.Zero).ExtractMostSignificantBits();
    }
}
