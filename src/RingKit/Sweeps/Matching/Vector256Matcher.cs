using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Four pairs a step, parted into first and second words within the halves of a vector: pairs 0, 2, 1, 3 in this order.</summary>
internal readonly struct Vector256Matcher : IPairMatcher
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Match(ref readonly WordPair pairs, PairFilter filter, bool again, out ulong candidates, out ulong lookAgain)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        ulong found = 0;
        ulong foundAgain = 0;
        for (int pair = 0; pair < 64; pair += 16)
        {
            Four(in words, pair, filter, again, ref found, ref foundAgain);
            Four(in words, pair + 4, filter, again, ref found, ref foundAgain);
            Four(in words, pair + 8, filter, again, ref found, ref foundAgain);
            Four(in words, pair + 12, filter, again, ref found, ref foundAgain);
        }

        candidates = SwapMiddleOfFour(found);
        lookAgain = again ? SwapMiddleOfFour(foundAgain) : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(ref readonly ulong words, int pair, PairFilter filter, bool again, ref ulong found, ref ulong foundAgain)
    {
        Vector256<ulong> low = Vector256.LoadUnsafe(in words, (nuint)pair * 2);
        Vector256<ulong> high = Vector256.LoadUnsafe(in words, ((nuint)pair * 2) + 4);
        Vector256<ulong> firsts = Avx2.UnpackLow(low, high);
        Vector256<ulong> seconds = Avx2.UnpackHigh(low, high);
        found |= Having(firsts, seconds, filter.First, filter.Second) << pair;
        if (again)
            foundAgain |= Having(firsts, seconds, filter.AgainFirst, filter.AgainSecond) << pair;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Having(Vector256<ulong> firsts, Vector256<ulong> seconds, ulong first, ulong second)
    {
        Vector256<ulong> missing = Vector256.AndNot(Vector256.Create(first), firsts) | Vector256.AndNot(Vector256.Create(second), seconds);
        return Vector256.Equals(missing, Vector256<ulong>.Zero).ExtractMostSignificantBits();
    }

    // Bits 1 and 2 of every four change places.
    private static ulong SwapMiddleOfFour(ulong bits)
    {
        ulong differ = (bits ^ (bits >> 1)) & 0x2222_2222_2222_2222;
        return bits ^ differ ^ (differ << 1);
    }
}
