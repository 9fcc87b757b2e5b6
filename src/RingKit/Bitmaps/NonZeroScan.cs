using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps;

/// <summary>Finds the next word that is not zero, at the speed at which memory can be read.</summary>
/// <remarks>
/// Other threads may write the words meanwhile. What it answers is a hint: the caller confirms it by an atomic access to that one word.
/// Every path answers as the last loop, which is the definition, does.
/// </remarks>
internal static class NonZeroScan
{
    /// <summary>The index of the first word in [<paramref name="from"/>, <paramref name="length"/>) that is not 0, or <paramref name="length"/>.</summary>
    // Each path reads four vectors a turn, so that the loads and not the test and branch are the limit; then single vectors, where the word
    // is found by its lane; and all stay below length.
    public static nuint Find(ref readonly ulong words, nuint from, nuint length)
    {
        nuint i = from;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i + 32 <= length; i += 32)
            {
                Vector512<ulong> low = Load512(in words, i) | Load512(in words, i + 8);
                Vector512<ulong> high = Load512(in words, i + 16) | Load512(in words, i + 24);
                if ((low | high) != Vector512<ulong>.Zero)
                    break;
            }

            for (; i + 8 <= length; i += 8)
            {
                ulong zeros = Vector512.Equals(Load512(in words, i), Vector512<ulong>.Zero).ExtractMostSignificantBits();
                if (zeros != 0xff)
                    return i + (nuint)BitOperations.TrailingZeroCount(~zeros);
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; i + 16 <= length; i += 16)
            {
                Vector256<ulong> low = Load256(in words, i) | Load256(in words, i + 4);
                Vector256<ulong> high = Load256(in words, i + 8) | Load256(in words, i + 12);
                if ((low | high) != Vector256<ulong>.Zero)
                    break;
            }

            for (; i + 4 <= length; i += 4)
            {
                uint zeros = Vector256.Equals(Load256(in words, i), Vector256<ulong>.Zero).ExtractMostSignificantBits();
                if (zeros != 0xf)
                    return i + (nuint)BitOperations.TrailingZeroCount(~zeros);
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i + 8 <= length; i += 8)
            {
                Vector128<ulong> low = Load128(in words, i) | Load128(in words, i + 2);
                Vector128<ulong> high = Load128(in words, i + 4) | Load128(in words, i + 6);
                if ((low | high) != Vector128<ulong>.Zero)
                    break;
            }
        }

        for (; i < length; i++)
        {
            if (Unsafe.Add(ref Unsafe.AsRef(in words), i) != 0)
                return i;
        }

        return length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Load512(ref readonly ulong words, nuint index) => Vector512.LoadUnsafe(in words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Load256(ref readonly ulong words, nuint index) => Vector256.LoadUnsafe(in words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Load128(ref readonly ulong words, nuint index) => Vector128.LoadUnsafe(in words, index);
}
