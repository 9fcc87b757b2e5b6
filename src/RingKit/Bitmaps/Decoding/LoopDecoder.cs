using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Decoding;

/// <summary>One bit a turn: what the others must equal.</summary>
internal readonly struct LoopDecoder : IWordDecoder
{
    public static bool IsSupported => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Decode<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        nuint count = 0;
        for (; word != 0; word &= word - 1)
            Unsafe.Add(ref destination, count++) = first + T.CreateTruncating(BitOperations.TrailingZeroCount(word));
        return count;
    }
}
