using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>256 bits: an adder of five operations, and bits of nibbles from a table.</summary>
internal readonly struct PopCount256 : IPopCountVector<Vector256<ulong>>
{
    public static nuint Words => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Load(ref readonly ulong words, nuint index) => Vector256.LoadUnsafe(in words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> CarrySaveAdd(ref Vector256<ulong> sum, Vector256<ulong> first, Vector256<ulong> second)
    {
        Vector256<ulong> half = first ^ second;
        Vector256<ulong> carry = (first & second) | (half & sum);
        sum ^= half;
        return carry;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> CountWords(Vector256<ulong> vector)
    {
        if (!Avx2.IsSupported)
            return Vector256.Create(PopCount128.CountWords(vector.GetLower()), PopCount128.CountWords(vector.GetUpper()));

        // One constant: the JIT would put halves together anew in every turn of a loop.
        Vector256<byte> table = Vector256.Create(
            (byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        Vector256<byte> low = vector.AsByte() & Vector256.Create((byte)0x0f);
        Vector256<byte> high = (vector >>> 4).AsByte() & Vector256.Create((byte)0x0f);
        Vector256<byte> bits = Avx2.Shuffle(table, low) + Avx2.Shuffle(table, high);
        return Avx2.SumAbsoluteDifferences(bits, Vector256<byte>.Zero).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Add(Vector256<ulong> left, Vector256<ulong> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sum(Vector256<ulong> vector) => Vector256.Sum(vector);
}
