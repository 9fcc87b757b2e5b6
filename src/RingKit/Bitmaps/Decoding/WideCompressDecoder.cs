using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Bitmaps.Decoding;

/// <summary>A vector of indices a turn, of which the set bits' are moved together (AVX-512F), without a branch.</summary>
internal readonly struct WideCompressDecoder : IWordDecoder
{
    public static bool IsSupported => Avx512F.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Decode<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        int lanes = Vector512<T>.Count;
        nuint count = 0;
        Vector512<T> index = Vector512.Create(first) + Vector512<T>.Indices;
        Vector512<T> bits = BitOfLane<T>();
        for (int i = 0; i < 64; i += lanes)
        {
            // To a register, and stored whole: vpcompressd to memory takes a hundred cycles and more on Zen 4.
            Vector512<T> isSet = ~Vector512.Equals(Vector512.Create(T.CreateTruncating(word)) & bits, Vector512<T>.Zero);
            Compress(isSet, index).StoreUnsafe(ref destination, count);
            count += (nuint)BitOperations.PopCount(word & (ulong.MaxValue >> (64 - lanes)));
            index += Vector512.Create(T.CreateTruncating(lanes));
            word >>= lanes;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Compress<T>(Vector512<T> isSet, Vector512<T> index)
    {
        return typeof(T) == typeof(uint)
            ? Avx512F.Compress(Vector512<uint>.Zero, isSet.AsUInt32(), index.AsUInt32()).As<uint, T>()
            : Avx512F.Compress(Vector512<ulong>.Zero, isSet.AsUInt64(), index.AsUInt64()).As<ulong, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> BitOfLane<T>()
    {
        return typeof(T) == typeof(uint)
            ? Avx512F.ShiftLeftLogicalVariable(Vector512<uint>.One, Vector512<uint>.Indices).As<uint, T>()
            : Avx512F.ShiftLeftLogicalVariable(Vector512<ulong>.One, Vector512<ulong>.Indices).As<ulong, T>();
    }
}
