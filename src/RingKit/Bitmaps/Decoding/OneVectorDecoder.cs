using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps.Decoding;

/// <summary>
/// As <see cref="CompressDecoder"/>, but where a word has no more bits than a vector has indices, only that vector is written, behind one branch.
/// </summary>
/// <remarks>
/// For harvests, whose next atomic step waits for each store: one less is worth a branch that is mispredicted where words have about as many bits.
/// Where words are decoded one after the other, it is not; there is <see cref="SparseCompressDecoder"/>.
/// </remarks>
internal readonly struct OneVectorDecoder : IWordDecoder
{
    public static bool IsSupported => CompressDecoder.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Decode<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        nuint count = (nuint)BitOperations.PopCount(word);
        Vector512<byte> positions = CompressDecoder.Positions(word);
        CompressDecoder.StoreVector(positions.GetLower().GetLower(), first, ref destination);
        if (count > (nuint)Vector512<T>.Count)
            CompressDecoder.StoreFromVector(positions, first, ref destination);
        return count;
    }
}
