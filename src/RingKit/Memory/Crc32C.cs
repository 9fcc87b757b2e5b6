using System.Buffers.Binary;
using System.Numerics;

namespace RingKit.Memory;

/// <summary>CRC-32C (Castagnoli, reflected, all ones before and after): what iSCSI and ext4 use, and processors compute.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of nothing.</summary>
    public const uint Empty = 0;

    /// <summary>The checksum of the bytes so far and these.</summary>
    /// <param name="checksum">Of the bytes so far; <see cref="Empty"/> at the start.</param>
    /// <param name="bytes">The bytes that follow.</param>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint crc = ~checksum;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte one in bytes)
            crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }
}
