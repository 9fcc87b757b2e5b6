using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Four pairs a step, parted into first and second words within the halves of a vector: pairs 0, 2, 1, 3 in this order.</summary>
internal readonly struct Vector256Matcher : IPairMatcher<Vector256Matcher>
{
    // Bits that are not wanted count as had: of an and-not for each word and class the JIT makes two instructions.
    private readonly Vector256<ulong> _first;
    private readonly Vector256<ulong> _second;
    private readonly Vector256<ulong> _againFirst;
    private readonly Vector256<ulong> _againSecond;

    private Vector256Matcher(PairFilter filter)
    {
        _first = Vector256.Create(~filter.First);
        _second = Vector256.Create(~filter.Second);
        _againFirst = Vector256.Create(~filter.AgainFirst);
        _againSecond = Vector256.Create(~filter.AgainSecond);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256Matcher For(PairFilter filter) => new(filter);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Match(ref readonly WordPair pairs, bool again, out ulong candidates, out ulong lookAgain)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        ulong found = 0;
        ulong foundAgain = 0;
        for (int pair = 0; pair < 64; pair += 16)
        {
            Four(in words, pair, again, ref found, ref foundAgain);
            Four(in words, pair + 4, again, ref found, ref foundAgain);
            Four(in words, pair + 8, again, ref found, ref foundAgain);
            Four(in words, pair + 12, again, ref found, ref foundAgain);
        }

        candidates = found;
        lookAgain = foundAgain;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Four(ref readonly ulong words, int pair, bool again, ref ulong found, ref ulong foundAgain)
    {
        Vector256<ulong> low = Vector256.LoadUnsafe(in words, (nuint)pair * 2);
        Vector256<ulong> high = Vector256.LoadUnsafe(in words, ((nuint)pair * 2) + 4);
        Vector256<ulong> firsts = Avx2.UnpackLow(low, high);
        Vector256<ulong> seconds = Avx2.UnpackHigh(low, high);
        found |= Having(firsts, seconds, _first, _second) << pair;
        if (again)
            foundAgain |= Having(firsts, seconds, _againFirst, _againSecond) << pair;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Having(Vector256<ulong> firsts, Vector256<ulong> seconds, Vector256<ulong> notOfFirst, Vector256<ulong> notOfSecond) =>
        Vector256.Equals((firsts | notOfFirst) & (seconds | notOfSecond), Vector256<ulong>.AllBitsSet).ExtractMostSignificantBits();

    // Bits 1 and 2 of every four change places.
    public static ulong Ordered(ulong bits)
    {
        ulong differ = (bits ^ (bits >> 1)) & 0x2222_2222_2222_2222;
        return bits ^ differ ^ (differ << 1);
    }
}
