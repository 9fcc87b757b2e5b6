using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps.Decoding;

/// <summary>As <see cref="CompressDecoder"/>, but where a word has no more than 16 bits, only 16 places are written, behind one branch.</summary>
internal readonly struct SparseCompressDecoder : IWordDecoder
{
    public static bool IsSupported => CompressDecoder.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Decode<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        nuint count = (nuint)BitOperations.PopCount(word);
        Vector512<byte> positions = CompressDecoder.Positions(word);
        CompressDecoder.Store16(positions.GetLower().GetLower(), first, ref destination);
        if (count > 16)
            CompressDecoder.StoreFrom16(positions, first, ref destination);
        return count;
    }
}
