using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Bitmaps.Decoding;

/// <summary>
/// The bytes 0 to 63, of which the set bits' are moved together (AVX-512 VBMI2) and widened; all 64 places are written, whatever the
/// word, without a branch.
/// </summary>
internal readonly struct CompressDecoder : IWordDecoder
{
    public static bool IsSupported => Avx512Vbmi2.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Decode<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector512<byte> positions = Positions(word);
        Store16(positions.GetLower().GetLower(), first, ref destination);
        StoreFrom(16, positions, first, ref destination);
        return (nuint)BitOperations.PopCount(word);
    }

    /// <summary>The positions of the set bits, ascending, a byte each; the rest are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Positions(ulong word)
    {
        // Each byte of the word eight times, of which each keeps its own bit; the JIT makes a vptestnmb of the comparison, whose mask
        // register vpcompressb takes. To a register, since vpcompressb to memory takes hundreds of cycles on Zen 4.
        Vector512<byte> spread = Avx512BW.Shuffle(
            Vector512.Create(word).AsByte(),
            Vector512.Create(
                0UL,
                0x0101_0101_0101_0101,
                0x0202_0202_0202_0202,
                0x0303_0303_0303_0303,
                0x0404_0404_0404_0404,
                0x0505_0505_0505_0505,
                0x0606_0606_0606_0606,
                0x0707_0707_0707_0707).AsByte());
        Vector512<byte> bit = Vector512.Create(0x8040_2010_0804_0201).AsByte();
        Vector512<byte> isSet = ~Vector512.Equals(spread & bit, Vector512<byte>.Zero);
        return Avx512Vbmi2.Compress(Vector512<byte>.Zero, isSet, Vector512<byte>.Indices);
    }

    /// <summary>Writes 8 indices of 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8<T>(Vector128<byte> positions, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T> =>
        (Avx512F.ConvertToVector512UInt64(positions).As<ulong, T>() + Vector512.Create(first)).StoreUnsafe(ref destination);

    /// <summary>Writes 16 indices.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16<T>(Vector128<byte> positions, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (typeof(T) == typeof(uint))
        {
            (Avx512F.ConvertToVector512UInt32(positions).As<uint, T>() + Vector512.Create(first)).StoreUnsafe(ref destination);
        }
        else
        {
            Store8(positions, first, ref destination);
            Store8(Sse2.ShiftRightLogical128BitLane(positions, 8), first, ref Unsafe.Add(ref destination, 8));
        }
    }

    /// <summary>Writes the indices from 16 or, of 64 bits each, from 8 on to 63.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFrom<T>(nuint place, Vector512<byte> positions, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (place == 8)
            Store8(Sse2.ShiftRightLogical128BitLane(positions.GetLower().GetLower(), 8), first, ref Unsafe.Add(ref destination, 8));
        Store16(positions.GetLower().GetUpper(), first, ref Unsafe.Add(ref destination, 16));
        Store16(positions.GetUpper().GetLower(), first, ref Unsafe.Add(ref destination, 32));
        Store16(positions.GetUpper().GetUpper(), first, ref Unsafe.Add(ref destination, 48));
    }
}
