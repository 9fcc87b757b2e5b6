using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>
/// Moves bits to whole words: word i of the destination gets the upper bits of the source's word i and the lower ones of word i + 1. The scalar
/// loops are the definition. The source has one word more than the destination.
/// </summary>
internal static class ShiftKernel
{
    /// <summary>From the lowest word on: right where the source overlaps the destination from the same word on, or from higher ones.</summary>
    /// <param name="source">Word 0 of <paramref name="length"/> + 1.</param>
    /// <param name="shift">How many of its lowest bits do not count: 1 to 63.</param>
    /// <param name="destination">Word 0.</param>
    /// <param name="length">How many words to write.</param>
    public static void Upwards(ref readonly ulong source, int shift, ref ulong destination, nuint length)
    {
        // A turn loads all its words before it stores any, and no later turn loads what it stored.
        nuint i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i + 8 <= length; i += 8)
                Shifted512(in source, shift, i).StoreUnsafe(ref destination, i);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; i + 4 <= length; i += 4)
                Shifted256(in source, shift, i).StoreUnsafe(ref destination, i);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i + 2 <= length; i += 2)
                Shifted128(in source, shift, i).StoreUnsafe(ref destination, i);
        }

        for (; i < length; i++)
            Unsafe.Add(ref destination, i) = Shifted(in source, shift, i);
    }

    /// <summary>From the highest word on: right where the source overlaps the destination from lower words on.</summary>
    /// <inheritdoc cref="Upwards"/>
    public static void Downwards(ref readonly ulong source, int shift, ref ulong destination, nuint length)
    {
        nuint i = length;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i >= 8; i -= 8)
                Shifted512(in source, shift, i - 8).StoreUnsafe(ref destination, i - 8);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; i >= 4; i -= 4)
                Shifted256(in source, shift, i - 4).StoreUnsafe(ref destination, i - 4);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i >= 2; i -= 2)
                Shifted128(in source, shift, i - 2).StoreUnsafe(ref destination, i - 2);
        }

        for (; i > 0; i--)
            Unsafe.Add(ref destination, i - 1) = Shifted(in source, shift, i - 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Shifted512(ref readonly ulong source, int shift, nuint i) =>
        (Vector512.LoadUnsafe(in source, i) >>> shift) | (Vector512.LoadUnsafe(in source, i + 1) << (64 - shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Shifted256(ref readonly ulong source, int shift, nuint i) =>
        (Vector256.LoadUnsafe(in source, i) >>> shift) | (Vector256.LoadUnsafe(in source, i + 1) << (64 - shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Shifted128(ref readonly ulong source, int shift, nuint i) =>
        (Vector128.LoadUnsafe(in source, i) >>> shift) | (Vector128.LoadUnsafe(in source, i + 1) << (64 - shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Shifted(ref readonly ulong source, int shift, nuint i) =>
        (Unsafe.Add(ref Unsafe.AsRef(in source), i) >> shift) | (Unsafe.Add(ref Unsafe.AsRef(in source), i + 1) << (64 - shift));
}
