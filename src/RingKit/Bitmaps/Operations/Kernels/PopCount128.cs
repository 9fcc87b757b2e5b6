using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>128 bits: bits of bytes by ARM's <c>cnt</c>, or bits of nibbles from a table.</summary>
internal readonly struct PopCount128 : IPopCountVector<Vector128<ulong>>
{
    public static nuint Words => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Load(ref readonly ulong words, nuint index) => Vector128.LoadUnsafe(in words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> CarrySaveAdd(ref Vector128<ulong> sum, Vector128<ulong> first, Vector128<ulong> second)
    {
        Vector128<ulong> half = first ^ second;
        Vector128<ulong> carry = (first & second) | (half & sum);
        sum ^= half;
        return carry;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> CountWords(Vector128<ulong> vector)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<byte> counted = AdvSimd.PopCount(vector.AsByte());
            return AdvSimd.AddPairwiseWidening(AdvSimd.AddPairwiseWidening(AdvSimd.AddPairwiseWidening(counted)));
        }

        Vector128<byte> table = Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        Vector128<byte> low = vector.AsByte() & Vector128.Create((byte)0x0f);
        Vector128<byte> high = (vector >>> 4).AsByte() & Vector128.Create((byte)0x0f);
        Vector128<byte> bits = Vector128.Shuffle(table, low) + Vector128.Shuffle(table, high);

        // No byte is more than 8, so the multiplication that adds all bytes into the highest one overflows nowhere.
        return (bits.AsUInt64() * Vector128.Create(0x0101010101010101UL)) >>> 56;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Add(Vector128<ulong> left, Vector128<ulong> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sum(Vector128<ulong> vector) => Vector128.Sum(vector);
}
