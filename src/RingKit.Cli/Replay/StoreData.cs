using System.Buffers.Binary;
using System.Numerics;

namespace RingKit.Cli.Replay;

/// <summary>
/// The bytes that the replay stores, since a trace has none: they follow from the store's number alone, so that a test can tell which
/// store a byte of guest memory came from.
/// </summary>
/// <remarks>
/// Store number n, from 1, stores and modifies counted together, has as byte i the byte i mod 8 of the 64-bit number
/// n * 0x9E3779B97F4A7C15, little-endian. The factor is odd: no two stores have the same eight bytes.
/// </remarks>
internal static class StoreData
{
    private const ulong Factor = 0x9E3779B97F4A7C15;

    /// <summary>Eight bytes of a store, as they lie in memory.</summary>
    /// <param name="number">The store's number, from 1.</param>
    /// <param name="firstByte">Which byte of the store is the first of the eight.</param>
    public static ulong Eight(ulong number, int firstByte = 0)
    {
        ulong value = BitOperations.RotateRight(number * Factor, firstByte * 8);
        return BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
    }
}
