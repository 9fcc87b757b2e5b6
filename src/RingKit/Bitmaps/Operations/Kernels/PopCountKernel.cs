using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>Counts the bits of words, by the method that suits their number and the processor.</summary>
/// <remarks>Other threads may set and clear bits meanwhile: each then counts as it was at some time. <see cref="Scalar"/> is the definition.</remarks>
internal static class PopCountKernel
{
    // Measured on Zen 4: below, a vector's table and final sum cost more than one popcnt a word.
    private const nuint FirstVectorLength = 16;

    // From about here on the adders, which must be emptied at the end, win against counting each vector. With 512 bits: 1.1 times at this length, 1.5 in L1.
    private const nuint FirstHarleySealLength = 128;

    // 1 MiB, the second cache of most processors: from there on to ask for lines ahead pays, by a quarter to a half; in the caches it costs 7 % (PopCountBenchmarks, Zen 5).
    private const nuint FirstFarLength = 1 << 17;
    private const nuint WordsAhead = 256;

    /// <summary>How many bits the words have.</summary>
    public static ulong Count(ref readonly ulong words, nuint length)
    {
        if (length >= FirstVectorLength)
        {
            if (Vector512.IsHardwareAccelerated)
            {
                return length < FirstHarleySealLength
                    ? EachVector<PopCount512, Vector512<ulong>>(in words, length)
                    : HarleySeal<PopCount512, Vector512<ulong>>(in words, length);
            }

            if (Vector256.IsHardwareAccelerated)
            {
                return length < FirstHarleySealLength
                    ? EachVector<PopCount256, Vector256<ulong>>(in words, length)
                    : HarleySeal<PopCount256, Vector256<ulong>>(in words, length);
            }

            // x86 counts a word in one instruction, which 128 bits equal at best; ARM has to go through vectors even for one word, and
            // loses with adders (its cnt is cheap).
            if (Vector128.IsHardwareAccelerated && !Popcnt.IsSupported)
                return EachVector<PopCount128, Vector128<ulong>>(in words, length);
        }

        return Scalar(in words, length);
    }

    /// <summary>Word by word, into four sums, since one would wait for itself.</summary>
    public static ulong Scalar(ref readonly ulong words, nuint length)
    {
        nuint i = 0;
        ulong a = 0, b = 0, c = 0, d = 0;
        for (; i + 4 <= length; i += 4)
        {
            a += (uint)BitOperations.PopCount(At(in words, i));
            b += (uint)BitOperations.PopCount(At(in words, i + 1));
            c += (uint)BitOperations.PopCount(At(in words, i + 2));
            d += (uint)BitOperations.PopCount(At(in words, i + 3));
        }

        for (; i < length; i++)
            a += (uint)BitOperations.PopCount(At(in words, i));
        return a + b + c + d;
    }

    /// <summary>Counts in every vector.</summary>
    public static ulong EachVector<TPopCount, TVector>(ref readonly ulong words, nuint length)
        where TPopCount : struct, IPopCountVector<TVector>
        where TVector : struct
    {
        nuint size = TPopCount.Words;
        nuint i = 0;
        TVector even = default, odd = default;
        for (; i + (2 * size) <= length; i += 2 * size)
        {
            even = TPopCount.Add(even, TPopCount.CountWords(TPopCount.Load(in words, i)));
            odd = TPopCount.Add(odd, TPopCount.CountWords(TPopCount.Load(in words, i + size)));
        }

        return TPopCount.Sum(TPopCount.Add(even, odd)) + Scalar(in Unsafe.Add(ref Unsafe.AsRef(in words), i), length - i);
    }

    /// <summary>Adds 16 vectors by carry-save adders, bit by bit, and counts only the carries of weight 16 (the method of Harley and Seal).</summary>
    /// <remarks>
    /// Four vectors from each quarter of the words: beyond the caches four streams, each asked for ahead, keep more lines under way than one.
    /// </remarks>
    public static ulong HarleySeal<TPopCount, TVector>(ref readonly ulong words, nuint length)
        where TPopCount : struct, IPopCountVector<TVector>
        where TVector : struct
    {
        nuint four = 4 * TPopCount.Words;
        nuint quarter = length / 4 / four * four;
        bool isFar = length >= FirstFarLength;
        TVector ones = default, twos = default, fours = default, eights = default, sixteens = default;
        for (nuint i = 0; i < quarter; i += four)
        {
            if (Sse.IsSupported && isFar)
                FetchAhead(in words, i, quarter, four);
            TVector foursA = AddFour<TPopCount, TVector>(in words, i, ref ones, ref twos);
            TVector foursB = AddFour<TPopCount, TVector>(in words, quarter + i, ref ones, ref twos);
            TVector eightsA = TPopCount.CarrySaveAdd(ref fours, foursA, foursB);
            foursA = AddFour<TPopCount, TVector>(in words, (2 * quarter) + i, ref ones, ref twos);
            foursB = AddFour<TPopCount, TVector>(in words, (3 * quarter) + i, ref ones, ref twos);
            TVector eightsB = TPopCount.CarrySaveAdd(ref fours, foursA, foursB);
            sixteens = TPopCount.Add(sixteens, TPopCount.CountWords(TPopCount.CarrySaveAdd(ref eights, eightsA, eightsB)));
        }

        TVector count = TPopCount.Add(TPopCount.Add(sixteens, sixteens), TPopCount.CountWords(eights));
        count = TPopCount.Add(TPopCount.Add(count, count), TPopCount.CountWords(fours));
        count = TPopCount.Add(TPopCount.Add(count, count), TPopCount.CountWords(twos));
        count = TPopCount.Add(TPopCount.Add(count, count), TPopCount.CountWords(ones));
        nuint rest = 4 * quarter;
        for (; rest + TPopCount.Words <= length; rest += TPopCount.Words)
            count = TPopCount.Add(count, TPopCount.CountWords(TPopCount.Load(in words, rest)));
        return TPopCount.Sum(count) + Scalar(in Unsafe.Add(ref Unsafe.AsRef(in words), rest), length - rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchAhead(ref readonly ulong words, nuint from, nuint quarter, nuint count)
    {
        Fetch(in words, from + WordsAhead, count);
        Fetch(in words, from + WordsAhead + quarter, count);
        Fetch(in words, from + WordsAhead + (2 * quarter), count);
        Fetch(in words, from + WordsAhead + (3 * quarter), count);
    }

    // Two lines, or four. Invariant: a prefetch does not fault, wherever it is; the words may have moved before, and then it is of no use.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Fetch(ref readonly ulong words, nuint from, nuint count)
    {
        byte* ahead = (byte*)Unsafe.AsPointer(ref Unsafe.Add(ref Unsafe.AsRef(in words), from));
        Sse.Prefetch0(ahead);
        Sse.Prefetch0(ahead + 64);
        if (count <= 16)
            return;
        Sse.Prefetch0(ahead + 128);
        Sse.Prefetch0(ahead + 192);
    }

    /// <summary>Adds four vectors and returns the carries of weight 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddFour<TPopCount, TVector>(ref readonly ulong words, nuint index, ref TVector ones, ref TVector twos)
        where TPopCount : struct, IPopCountVector<TVector>
        where TVector : struct
    {
        nuint size = TPopCount.Words;
        TVector twosA = TPopCount.CarrySaveAdd(ref ones, TPopCount.Load(in words, index), TPopCount.Load(in words, index + size));
        TVector twosB = TPopCount.CarrySaveAdd(ref ones, TPopCount.Load(in words, index + (2 * size)), TPopCount.Load(in words, index + (3 * size)));
        return TPopCount.CarrySaveAdd(ref twos, twosA, twosB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong At(ref readonly ulong words, nuint index) => Unsafe.Add(ref Unsafe.AsRef(in words), index);
}
