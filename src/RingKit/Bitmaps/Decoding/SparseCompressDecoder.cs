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
        where T : unmanaged, IBinaryInteger<T> => Decode(word, first, ref destination, sparse: 16);

    /// <summary>The same, where few bits are no more than a vector has indices.</summary>
    /// <remarks>
    /// For harvests, whose next atomic step waits for each store: one less is worth a branch that is mispredicted where words have about as many bits.
    /// Where words are decoded one after the other, it is not.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint DecodeByOneVector<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T> => Decode(word, first, ref destination, (nuint)Vector512<T>.Count);

    // With a constant the JIT keeps one way.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint Decode<T>(ulong word, T first, ref T destination, nuint sparse)
        where T : unmanaged, IBinaryInteger<T>
    {
        nuint count = (nuint)BitOperations.PopCount(word);
        Vector512<byte> positions = CompressDecoder.Positions(word);
        Vector128<byte> lowest = positions.GetLower().GetLower();
        if (sparse == 16)
            CompressDecoder.Store16(lowest, first, ref destination);
        else
            CompressDecoder.Store8(lowest, first, ref destination);
        if (count > sparse)
            CompressDecoder.StoreFrom(sparse, positions, first, ref destination);
        return count;
    }
}
