using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Four pairs a step, parted into first and second words within the halves of a vector: pairs 0, 2, 1, 3 in this order.</summary>
internal readonly struct Vector256Matcher : IPairMatcher
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Match(ref readonly WordPair pairs, ulong first, ulong second)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        Vector256<ulong> firstWanted = Vector256.Create(first);
        Vector256<ulong> secondWanted = Vector256.Create(second);
        ulong matches = 0;
        for (nuint pair = 0; pair < 64; pair += 16)
        {
            uint sixteen = Four(in words, pair, firstWanted, secondWanted)
                | Four(in words, pair + 4, firstWanted, secondWanted) << 4
                | Four(in words, pair + 8, firstWanted, secondWanted) << 8
                | Four(in words, pair + 12, firstWanted, secondWanted) << 12;
            matches |= (ulong)sixteen << (int)pair;
        }

        return SwapMiddleOfFour(matches);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Four(ref readonly ulong words, nuint pair, Vector256<ulong> firstWanted, Vector256<ulong> secondWanted)
    {
        Vector256<ulong> low = Vector256.LoadUnsafe(in words, pair * 2);
        Vector256<ulong> high = Vector256.LoadUnsafe(in words, (pair * 2) + 4);
        Vector256<ulong> missing = Vector256.AndNot(firstWanted, Avx2.UnpackLow(low, high))
            | Vector256.AndNot(secondWanted, Avx2.UnpackHigh(low, high));
        return Vector256.Equals(missing, Vector256<ulong>.Zero).ExtractMostSignificantBits();
    }

    // Bits 1 and 2 of every four change places.
    private static ulong SwapMiddleOfFour(ulong bits)
    {
        ulong differ = (bits ^ (bits >> 1)) & 0x2222_2222_2222_2222;
        return bits ^ differ ^ (differ << 1);
    }
}
