using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Bitmaps.Decoding;

/// <summary>A byte a turn, by a table of the eight indices that each byte has, without a branch (AVX2).</summary>
internal readonly struct TableDecoder : IWordDecoder
{
    // Entry b: the positions of b's set bits, ascending, a byte each. 2 KiB; a table of 8 KiB that is widened already was slower, or
    // no faster, at every density.
    private static readonly ulong[] Positions = MakePositions();

    public static bool IsSupported => Avx2.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Decode<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        // Invariant: a byte indexes 256 entries. Before byte i at most 8 * i places are taken, and eight more are written.
        ref ulong positions = ref MemoryMarshal.GetArrayDataReference(Positions);
        nuint count = 0;
        Vector256<T> index = Vector256.Create(first);
        Vector256<T> eight = Vector256.Create(T.CreateTruncating(8));
        for (int i = 0; i < 8; i++)
        {
            Vector128<byte> inByte = Vector128.CreateScalarUnsafe(Unsafe.Add(ref positions, (nuint)(byte)word)).AsByte();
            if (typeof(T) == typeof(uint))
            {
                (Avx2.ConvertToVector256Int32(inByte).As<int, T>() + index).StoreUnsafe(ref destination, count);
            }
            else
            {
                Vector128<byte> upper = (inByte.AsUInt64() >> 32).AsByte();
                (Avx2.ConvertToVector256Int64(inByte).As<long, T>() + index).StoreUnsafe(ref destination, count);
                (Avx2.ConvertToVector256Int64(upper).As<long, T>() + index).StoreUnsafe(ref destination, count + 4);
            }

            count += (nuint)BitOperations.PopCount((uint)(byte)word);
            index += eight;
            word >>= 8;
        }

        return count;
    }

    private static ulong[] MakePositions()
    {
        ulong[] positions = new ulong[256];
        for (int value = 0; value < positions.Length; value++)
        {
            int shift = 0;
            for (int rest = value; rest != 0; rest &= rest - 1, shift += 8)
                positions[value] |= (ulong)BitOperations.TrailingZeroCount(rest) << shift;
        }

        return positions;
    }
}
