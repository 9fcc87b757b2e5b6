using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps;

/// <summary>Finds the next words that are not zero, at the speed at which memory can be read.</summary>
/// <remarks>
/// Other threads may write the words meanwhile. What it answers is a hint: the caller confirms it by an atomic access to that one word.
/// Every path answers as the last loop, which is the definition, does.
/// </remarks>
internal static class NonZeroScan
{
    /// <summary>The index of the first word in [<paramref name="from"/>, <paramref name="length"/>) that is not 0, or <paramref name="length"/>.</summary>
    public static nuint Find(ref readonly ulong words, nuint from, nuint length)
    {
        nuint group = FindGroup(in words, ref from, length, out uint nonZero);
        return nonZero == 0 ? length : group + (nuint)BitOperations.TrailingZeroCount(nonZero);
    }

    /// <summary>Finds the next group of words of which one or more are not 0: a vector, or a single word at the end.</summary>
    /// <param name="words">The first word.</param>
    /// <param name="from">Where to begin; moved behind the group. Multiples of 8 keep vectors on one cache line each.</param>
    /// <param name="length">Where the words end.</param>
    /// <param name="nonZero">Bit i is set if word i of the group is not 0; all are 0 if there is no such group.</param>
    /// <returns>The group's first word.</returns>
    // The next vector alone first, since dirty words have neighbours; then four vectors a turn over what is empty, so that the
    // loads and not the test and branch are the limit. All stay below length.
    public static nuint FindGroup(ref readonly ulong words, ref nuint from, nuint length, out uint nonZero)
    {
        nuint i = from;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i + 8 <= length; i += 8)
            {
                uint found = NonZero(Load512(in words, i));
                if (found != 0)
                {
                    nonZero = found;
                    from = i + 8;
                    return i;
                }

                for (; i + 40 <= length; i += 32)
                {
                    Vector512<ulong> low = Load512(in words, i + 8) | Load512(in words, i + 16);
                    Vector512<ulong> high = Load512(in words, i + 24) | Load512(in words, i + 32);
                    if ((low | high) != Vector512<ulong>.Zero)
                        break;
                }
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; i + 4 <= length; i += 4)
            {
                uint found = NonZero(Load256(in words, i));
                if (found != 0)
                {
                    nonZero = found;
                    from = i + 4;
                    return i;
                }

                for (; i + 20 <= length; i += 16)
                {
                    Vector256<ulong> low = Load256(in words, i + 4) | Load256(in words, i + 8);
                    Vector256<ulong> high = Load256(in words, i + 12) | Load256(in words, i + 16);
                    if ((low | high) != Vector256<ulong>.Zero)
                        break;
                }
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i + 2 <= length; i += 2)
            {
                uint found = NonZero(Load128(in words, i));
                if (found != 0)
                {
                    nonZero = found;
                    from = i + 2;
                    return i;
                }

                for (; i + 10 <= length; i += 8)
                {
                    Vector128<ulong> low = Load128(in words, i + 2) | Load128(in words, i + 4);
                    Vector128<ulong> high = Load128(in words, i + 6) | Load128(in words, i + 8);
                    if ((low | high) != Vector128<ulong>.Zero)
                        break;
                }
            }
        }

        for (; i < length; i++)
        {
            if (Unsafe.Add(ref Unsafe.AsRef(in words), i) != 0)
            {
                nonZero = 1;
                from = i + 1;
                return i;
            }
        }

        nonZero = 0;
        from = length;
        return length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Load512(ref readonly ulong words, nuint index) => Vector512.LoadUnsafe(in words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Load256(ref readonly ulong words, nuint index) => Vector256.LoadUnsafe(in words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Load128(ref readonly ulong words, nuint index) => Vector128.LoadUnsafe(in words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NonZero(Vector512<ulong> words) =>
        (uint)(~Vector512.Equals(words, Vector512<ulong>.Zero)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NonZero(Vector256<ulong> words) =>
        (~Vector256.Equals(words, Vector256<ulong>.Zero)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NonZero(Vector128<ulong> words) =>
        (~Vector128.Equals(words, Vector128<ulong>.Zero)).ExtractMostSignificantBits();
}
