using System.Numerics;

namespace RingKit.Bitmaps.Decoding;

/// <summary>A way to turn one word into the indices of its set bits.</summary>
internal interface IWordDecoder
{
    /// <summary>Whether this processor can do it.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Writes the indices of the set bits, ascending.</summary>
    /// <param name="word">The word; 0 is allowed.</param>
    /// <param name="first">The index of bit 0. Indices wrap around.</param>
    /// <param name="destination">The first of 64 places, all of which may be overwritten, whatever the word.</param>
    /// <typeparam name="T"><see cref="uint"/> or <see cref="ulong"/>.</typeparam>
    /// <returns>How many bits are set.</returns>
    static abstract nuint Decode<T>(ulong word, T first, ref T destination)
        where T : unmanaged, IBinaryInteger<T>;
}
