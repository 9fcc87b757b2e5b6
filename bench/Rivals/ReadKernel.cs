using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bench.Rivals;

/// <summary>Reads every word and does as little as possible with it: the speed at which memory can be read on one thread.</summary>
internal static class ReadKernel
{
    /// <summary>The or of all words. Eight vectors a turn into four sums, so that neither the loop nor the ors are the limit.</summary>
    public static ulong OrAll(ref readonly ulong words, nuint length)
    {
        nuint i = 0;
        ulong all = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<ulong> a = default, b = default, c = default, d = default;
            for (; i + 64 <= length; i += 64)
            {
                a |= Vector512.LoadUnsafe(in words, i) | Vector512.LoadUnsafe(in words, i + 8);
                b |= Vector512.LoadUnsafe(in words, i + 16) | Vector512.LoadUnsafe(in words, i + 24);
                c |= Vector512.LoadUnsafe(in words, i + 32) | Vector512.LoadUnsafe(in words, i + 40);
                d |= Vector512.LoadUnsafe(in words, i + 48) | Vector512.LoadUnsafe(in words, i + 56);
            }

            all = Fold((a | b | c | d).GetLower() | (a | b | c | d).GetUpper());
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256<ulong> a = default, b = default, c = default, d = default;
            for (; i + 32 <= length; i += 32)
            {
                a |= Vector256.LoadUnsafe(in words, i) | Vector256.LoadUnsafe(in words, i + 4);
                b |= Vector256.LoadUnsafe(in words, i + 8) | Vector256.LoadUnsafe(in words, i + 12);
                c |= Vector256.LoadUnsafe(in words, i + 16) | Vector256.LoadUnsafe(in words, i + 20);
                d |= Vector256.LoadUnsafe(in words, i + 24) | Vector256.LoadUnsafe(in words, i + 28);
            }

            all = Fold(a | b | c | d);
        }

        for (; i < length; i++)
            all |= Unsafe.Add(ref Unsafe.AsRef(in words), i);
        return all;
    }

    private static ulong Fold(Vector256<ulong> vector)
    {
        Vector128<ulong> half = vector.GetLower() | vector.GetUpper();
        return half[0] | half[1];
    }
}
