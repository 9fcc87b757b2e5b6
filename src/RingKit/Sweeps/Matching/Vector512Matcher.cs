using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Eight pairs a step. Two vectors are parted into eight first and eight second words, so that one comparison judges whole pairs.</summary>
internal readonly struct Vector512Matcher : IPairMatcher<Vector512Matcher>
{
    // Bits that are not wanted count as had: of an and-not for each word and class the JIT makes two instructions.
    private readonly Vector512<ulong> _first;
    private readonly Vector512<ulong> _second;
    private readonly Vector512<ulong> _againFirst;
    private readonly Vector512<ulong> _againSecond;

    private Vector512Matcher(PairFilter filter)
    {
        _first = Vector512.Create(~filter.First);
        _second = Vector512.Create(~filter.Second);
        _againFirst = Vector512.Create(~filter.AgainFirst);
        _againSecond = Vector512.Create(~filter.AgainSecond);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512Matcher For(PairFilter filter) => new(filter);

    // All eight steps are written out: as a loop they take a tenth longer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Match(ref readonly WordPair pairs, bool again, out ulong candidates, out ulong lookAgain)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        ulong found = 0;
        ulong foundAgain = 0;
        Eight(in words, 0, again, ref found, ref foundAgain);
        Eight(in words, 8, again, ref found, ref foundAgain);
        Eight(in words, 16, again, ref found, ref foundAgain);
        Eight(in words, 24, again, ref found, ref foundAgain);
        Eight(in words, 32, again, ref found, ref foundAgain);
        Eight(in words, 40, again, ref found, ref foundAgain);
        Eight(in words, 48, again, ref found, ref foundAgain);
        Eight(in words, 56, again, ref found, ref foundAgain);
        candidates = found;
        lookAgain = foundAgain;
    }

    public static ulong Ordered(ulong bits) => bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Eight(ref readonly ulong words, int pair, bool again, ref ulong found, ref ulong foundAgain)
    {
        Vector512<ulong> low = Vector512.LoadUnsafe(in words, (nuint)pair * 2);
        Vector512<ulong> high = Vector512.LoadUnsafe(in words, ((nuint)pair * 2) + 8);
        Vector512<ulong> firsts = Avx512F.PermuteVar8x64x2(low, Vector512.Create(0UL, 2, 4, 6, 8, 10, 12, 14), high);
        Vector512<ulong> seconds = Avx512F.PermuteVar8x64x2(low, Vector512.Create(1UL, 3, 5, 7, 9, 11, 13, 15), high);
        found |= Having(firsts, seconds, _first, _second) << pair;
        if (again)
            foundAgain |= Having(firsts, seconds, _againFirst, _againSecond) << pair;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Having(Vector512<ulong> firsts, Vector512<ulong> seconds, Vector512<ulong> notOfFirst, Vector512<ulong> notOfSecond) =>
        Vector512.Equals((firsts | notOfFirst) & (seconds | notOfSecond), Vector512<ulong>.AllBitsSet).ExtractMostSignificantBits();
}
