using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Decoding;

/// <summary>Four bits a turn, whether there are as many or not: words of 1 to 4 bits take the same branches.</summary>
internal readonly struct UnrolledDecoder : IWordDecoder
{
    public static bool IsSupported => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Decode<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        nuint count = (nuint)BitOperations.PopCount(word);
        for (nuint i = 0; i < count; i += 4)
        {
            // At most 64 places, since i is a multiple of 4 below count.
            Unsafe.Add(ref destination, i) = first + T.CreateTruncating(BitOperations.TrailingZeroCount(word));
            word &= word - 1;
            Unsafe.Add(ref destination, i + 1) = first + T.CreateTruncating(BitOperations.TrailingZeroCount(word));
            word &= word - 1;
            Unsafe.Add(ref destination, i + 2) = first + T.CreateTruncating(BitOperations.TrailingZeroCount(word));
            word &= word - 1;
            Unsafe.Add(ref destination, i + 3) = first + T.CreateTruncating(BitOperations.TrailingZeroCount(word));
            word &= word - 1;
        }

        return count;
    }
}
