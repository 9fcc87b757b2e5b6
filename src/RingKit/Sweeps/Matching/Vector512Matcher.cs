using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Eight pairs a step. Two vectors are parted into eight first and eight second words, so that one comparison judges whole pairs.</summary>
internal readonly struct Vector512Matcher : IPairMatcher
{
    // All eight steps are written out: as a loop they take a tenth longer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Match(ref readonly WordPair pairs, PairFilter filter, bool again, out ulong candidates, out ulong lookAgain)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        ulong found = 0;
        ulong foundAgain = 0;
        Eight(in words, 0, filter, again, ref found, ref foundAgain);
        Eight(in words, 8, filter, again, ref found, ref foundAgain);
        Eight(in words, 16, filter, again, ref found, ref foundAgain);
        Eight(in words, 24, filter, again, ref found, ref foundAgain);
        Eight(in words, 32, filter, again, ref found, ref foundAgain);
        Eight(in words, 40, filter, again, ref found, ref foundAgain);
        Eight(in words, 48, filter, again, ref found, ref foundAgain);
        Eight(in words, 56, filter, again, ref found, ref foundAgain);
        candidates = found;
        lookAgain = foundAgain;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(ref readonly ulong words, int pair, PairFilter filter, bool again, ref ulong found, ref ulong foundAgain)
    {
        Vector512<ulong> low = Vector512.LoadUnsafe(in words, (nuint)pair * 2);
        Vector512<ulong> high = Vector512.LoadUnsafe(in words, ((nuint)pair * 2) + 8);
        Vector512<ulong> firsts = Avx512F.PermuteVar8x64x2(low, Vector512.Create(0UL, 2, 4, 6, 8, 10, 12, 14), high);
        Vector512<ulong> seconds = Avx512F.PermuteVar8x64x2(low, Vector512.Create(1UL, 3, 5, 7, 9, 11, 13, 15), high);
        found |= Having(firsts, seconds, filter.First, filter.Second) << pair;
        if (again)
            foundAgain |= Having(firsts, seconds, filter.AgainFirst, filter.AgainSecond) << pair;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Having(Vector512<ulong> firsts, Vector512<ulong> seconds, ulong first, ulong second)
    {
        Vector512<ulong> missing = Vector512.AndNot(Vector512.Create(first), firsts) | Vector512.AndNot(Vector512.Create(second), seconds);
        return Vector512.Equals(missing, Vector512<ulong>.Zero).ExtractMostSignificantBits();
    }
}
