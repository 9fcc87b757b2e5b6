using System.Buffers.Binary;
using RingKit.Memory;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>What each record of the migration stream begins with.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="First">The slot of a batch, the round of a mark, the number of an epoch.</param>
/// <param name="Second">The runs of a batch; else the lower half of how many pages the connection has carried.</param>
/// <param name="Third">The pages with contents of a batch; else the upper half.</param>
/// <param name="Sequence">The records of the connection before this one.</param>
/// <param name="Flags">0 in this version.</param>
internal readonly record struct RecordHeader(RecordKind Kind, uint First, uint Second, uint Third, ulong Sequence, uint Flags = 0)
{
    /// <summary>The pages that the connection has carried, of a record that is no batch.</summary>
    public ulong Pages => ((ulong)Third << 32) | Second;

    /// <summary>A record that has no body.</summary>
    public static RecordHeader Bare(RecordKind kind, uint first, ulong pages, ulong sequence) => new(kind, first, (uint)pages, (uint)(pages >> 32), sequence);

    /// <summary>Reads one; whether it makes sense is the caller's business.</summary>
    /// <param name="source">At least <see cref="MigrationFormat.RecordSize"/> bytes.</param>
    /// <param name="header">What it says.</param>
    /// <returns>False if its checksum is wrong.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out RecordHeader header)
    {
        header = new RecordHeader(
            (RecordKind)BinaryPrimitives.ReadUInt32LittleEndian(source),
            BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[24..]));
        return Crc32C.Append(Crc32C.Empty, source[..28]) == BinaryPrimitives.ReadUInt32LittleEndian(source[28..]);
    }

    /// <summary>Writes it.</summary>
    /// <param name="destination">At least <see cref="MigrationFormat.RecordSize"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], First);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Second);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], Third);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], Crc32C.Append(Crc32C.Empty, destination[..28]));
    }
}
