using System.Buffers.Binary;
using RingKit.Memory;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>What a destination answers to a mark, an epoch or the end.</summary>
/// <param name="Sequence">The record's sequence number.</param>
/// <param name="Pages">The pages that the connection has brought.</param>
/// <param name="RefusedAt">Where the stream is refused, in bytes from its start; null if all is well.</param>
internal readonly record struct Acknowledgement(ulong Sequence, ulong Pages, long? RefusedAt = null)
{
    private const uint Good = 0x314b4341;       // "ACK1"
    private const uint Refused = 0x314b414e;    // "NAK1"

    /// <summary>Reads one.</summary>
    /// <param name="source">At least <see cref="MigrationFormat.AcknowledgementSize"/> bytes.</param>
    /// <param name="acknowledgement">What it says.</param>
    /// <returns>False if it is corrupt.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out Acknowledgement acknowledgement)
    {
        uint kind = BinaryPrimitives.ReadUInt32LittleEndian(source);
        acknowledgement = new Acknowledgement(
            BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            kind == Refused ? BinaryPrimitives.ReadInt64LittleEndian(source[16..]) : null);
        return kind is Good or Refused && Crc32C.Append(Crc32C.Empty, source[..28]) == BinaryPrimitives.ReadUInt32LittleEndian(source[28..]);
    }

    /// <summary>Writes it.</summary>
    /// <param name="destination">At least <see cref="MigrationFormat.AcknowledgementSize"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        destination[..MigrationFormat.AcknowledgementSize].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination, RefusedAt is null ? Good : Refused);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], RefusedAt is long at ? (ulong)at : Pages);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], Crc32C.Append(Crc32C.Empty, destination[..28]));
    }
}
