using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps.Bytes;

/// <summary>Which of 64 bytes are not zero. Every path answers as the last loop, which is the definition, does.</summary>
/// <remarks>Other threads may write the bytes meanwhile: what it answers is a hint, but a byte that it has seen dirty stays so until it is harvested.</remarks>
internal static class NonZeroBytes
{
    /// <summary>Bit i is set if byte i is not 0.</summary>
    /// <param name="bytes">The first byte.</param>
    /// <param name="count">From 1 to 64; no byte beyond is read.</param>
    public static ulong Mask(ref readonly byte bytes, int count)
    {
        if (count == 64)
        {
            if (Vector512.IsHardwareAccelerated)
                return (~Vector512.Equals(Vector512.LoadUnsafe(in bytes), Vector512<byte>.Zero)).ExtractMostSignificantBits();
            if (Vector256.IsHardwareAccelerated)
                return Mask256(in bytes, 0) | (ulong)Mask256(in bytes, 32) << 32;
            if (Vector128.IsHardwareAccelerated)
                return Mask128(in bytes, 0) | (ulong)Mask128(in bytes, 16) << 16 | (ulong)Mask128(in bytes, 32) << 32 | (ulong)Mask128(in bytes, 48) << 48;
        }

        ulong mask = 0;
        for (int i = 0; i < count; i++)
            mask |= (Unsafe.Add(ref Unsafe.AsRef(in bytes), i) != 0 ? 1UL : 0) << i;
        return mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Mask256(ref readonly byte bytes, nuint offset) =>
        (~Vector256.Equals(Vector256.LoadUnsafe(in bytes, offset), Vector256<byte>.Zero)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Mask128(ref readonly byte bytes, nuint offset) =>
        (~Vector128.Equals(Vector128.LoadUnsafe(in bytes, offset), Vector128<byte>.Zero)).ExtractMostSignificantBits();
}
