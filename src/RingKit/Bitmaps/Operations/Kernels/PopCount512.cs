using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>512 bits: an adder of two <c>vpternlogq</c>, and bits of nibbles from a table.</summary>
internal readonly struct PopCount512 : IPopCountVector<Vector512<ulong>>
{
    // Truth tables over three inputs: the sum of three bits is their parity, the carry their majority.
    private const byte Parity = 0x96;
    private const byte Majority = 0xe8;

    public static nuint Words => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Load(ref readonly ulong words, nuint index) => Vector512.LoadUnsafe(in words, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> CarrySaveAdd(ref Vector512<ulong> sum, Vector512<ulong> first, Vector512<ulong> second)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<ulong> majority = Avx512F.TernaryLogic(sum, first, second, Majority);
            sum = Avx512F.TernaryLogic(sum, first, second, Parity);
            return majority;
        }

        Vector512<ulong> half = first ^ second;
        Vector512<ulong> carry = (first & second) | (half & sum);
        sum ^= half;
        return carry;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> CountWords(Vector512<ulong> vector)
    {
        if (!Avx512BW.IsSupported)
            return Vector512.Create(PopCount256.CountWords(vector.GetLower()), PopCount256.CountWords(vector.GetUpper()));

        // One constant: the JIT would put halves together anew in every turn of a loop.
        Vector512<byte> table = Vector512.Create(
            (byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        Vector512<byte> low = vector.AsByte() & Vector512.Create((byte)0x0f);
        Vector512<byte> high = (vector >>> 4).AsByte() & Vector512.Create((byte)0x0f);
        Vector512<byte> bits = Avx512BW.Shuffle(table, low) + Avx512BW.Shuffle(table, high);
        return Avx512BW.SumAbsoluteDifferences(bits, Vector512<byte>.Zero).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Add(Vector512<ulong> left, Vector512<ulong> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sum(Vector512<ulong> vector) => Vector512.Sum(vector);
}
