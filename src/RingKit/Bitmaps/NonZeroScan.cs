using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps;

/// <summary>Finds the next words that are not zero, at the speed at which memory can be read.</summary>
/// <remarks>
/// Other threads may write the words meanwhile. What it answers is a hint: the caller confirms it by an atomic access to that one word.
/// Every path answers as the last line, which is the definition, does.
/// </remarks>
internal static class NonZeroScan
{
    // As many as one mask has bits. Whoever meets scattered words pays a mispredicted branch where a group ends and none within, so
    // groups of a vector each would cost him four times as much (DecodeBenchmarks, BitmapHarvestBenchmarks at 0.1 %).
    private const nuint GroupLength = 64;

    /// <summary>The index of the first word in [<paramref name="from"/>, <paramref name="length"/>) that is not 0, or <paramref name="length"/>.</summary>
    public static nuint Find(ref readonly ulong words, nuint from, nuint length)
    {
        nuint group = FindGroup(in words, ref from, length, out ulong nonZero);
        return nonZero == 0 ? length : group + (nuint)BitOperations.TrailingZeroCount(nonZero);
    }

    /// <summary>Finds the next group of words of which one or more are not 0: 64 words, or fewer at the end.</summary>
    /// <param name="words">The first word.</param>
    /// <param name="from">Where to begin; moved behind the group. Multiples of 8 keep vectors on one cache line each.</param>
    /// <param name="length">Where the words end.</param>
    /// <param name="nonZero">Bit i is set if word i of the group is not 0; all are 0 if there is no such group.</param>
    /// <returns>The group's first word.</returns>
    public static nuint FindGroup(ref readonly ulong words, ref nuint from, nuint length, out ulong nonZero)
    {
        nuint i = from;
        ulong found;
        while (i + GroupLength <= length)
        {
            found = NonZeroInGroup(in words, i);
            if (found != 0)
            {
                nonZero = found;
                from = i + GroupLength;
                return i;
            }

            i = SkipZeros(in words, i + GroupLength, length);
        }

        found = NonZeroInRest(in words, i, length - i);
        nonZero = found;
        from = length;
        return found == 0 ? length : i;
    }

    // Four vectors a turn, so that the loads and not the test and branch are the limit. Stops before the first such four that are not
    // empty, or where fewer are left.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint SkipZeros(ref readonly ulong words, nuint i, nuint length)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i + 32 <= length; i += 32)
            {
                Vector512<ulong> low = Vector512.LoadUnsafe(in words, i) | Vector512.LoadUnsafe(in words, i + 8);
                Vector512<ulong> high = Vector512.LoadUnsafe(in words, i + 16) | Vector512.LoadUnsafe(in words, i + 24);
                if ((low | high) != Vector512<ulong>.Zero)
                    break;
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; i + 16 <= length; i += 16)
            {
                Vector256<ulong> low = Vector256.LoadUnsafe(in words, i) | Vector256.LoadUnsafe(in words, i + 4);
                Vector256<ulong> high = Vector256.LoadUnsafe(in words, i + 8) | Vector256.LoadUnsafe(in words, i + 12);
                if ((low | high) != Vector256<ulong>.Zero)
                    break;
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i + 8 <= length; i += 8)
            {
                Vector128<ulong> low = Vector128.LoadUnsafe(in words, i) | Vector128.LoadUnsafe(in words, i + 2);
                Vector128<ulong> high = Vector128.LoadUnsafe(in words, i + 4) | Vector128.LoadUnsafe(in words, i + 6);
                if ((low | high) != Vector128<ulong>.Zero)
                    break;
            }
        }

        return i;
    }

    /// <summary>Which of the 64 words from one on are not 0: bit i for word <paramref name="from"/> + i, as in all that is below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong NonZeroInGroup(ref readonly ulong words, nuint from) =>
        // Eight terms and no loop, which the JIT would not unroll.
        NonZeroOfEight(in words, from)
        | NonZeroOfEight(in words, from + 8) << 8
        | NonZeroOfEight(in words, from + 16) << 16
        | NonZeroOfEight(in words, from + 24) << 24
        | NonZeroOfEight(in words, from + 32) << 32
        | NonZeroOfEight(in words, from + 40) << 40
        | NonZeroOfEight(in words, from + 48) << 48
        | NonZeroOfEight(in words, from + 56) << 56;

    private static ulong NonZeroInRest(ref readonly ulong words, nuint from, nuint count)
    {
        ulong found = 0;
        nuint i = 0;
        for (; i + 8 <= count; i += 8)
            found |= NonZeroOfEight(in words, from + i) << (int)i;
        for (; i < count; i++)
            found |= NonZero(in words, from + i) << (int)i;
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NonZeroOfEight(ref readonly ulong words, nuint from)
    {
        if (Vector512.IsHardwareAccelerated)
            return NonZero(Vector512.LoadUnsafe(in words, from));
        if (Vector256.IsHardwareAccelerated)
            return NonZero(Vector256.LoadUnsafe(in words, from)) | NonZero(Vector256.LoadUnsafe(in words, from + 4)) << 4;
        if (Vector128.IsHardwareAccelerated)
        {
            return NonZero(Vector128.LoadUnsafe(in words, from))
                | NonZero(Vector128.LoadUnsafe(in words, from + 2)) << 2
                | NonZero(Vector128.LoadUnsafe(in words, from + 4)) << 4
                | NonZero(Vector128.LoadUnsafe(in words, from + 6)) << 6;
        }

        ulong found = 0;
        for (nuint i = 0; i < 8; i++)
            found |= NonZero(in words, from + i) << (int)i;
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NonZero(Vector512<ulong> words) => (~Vector512.Equals(words, Vector512<ulong>.Zero)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NonZero(Vector256<ulong> words) => (~Vector256.Equals(words, Vector256<ulong>.Zero)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NonZero(Vector128<ulong> words) => (~Vector128.Equals(words, Vector128<ulong>.Zero)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NonZero(ref readonly ulong words, nuint index) => Unsafe.Add(ref Unsafe.AsRef(in words), index) != 0 ? 1UL : 0;
}
