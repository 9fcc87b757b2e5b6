using System.Buffers.Binary;
using System.Collections.Immutable;
using RingKit.Memory;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>The beginning of a migration stream: the layout of the memory that follows.</summary>
internal static class StreamHeader
{
    /// <summary>Its size for so many slots, in bytes.</summary>
    public static int SizeFor(int slots) => MigrationFormat.PreambleSize + (slots * MigrationFormat.SlotSize) + MigrationFormat.ChecksumSize;

    /// <summary>The header for a memory.</summary>
    /// <exception cref="ArgumentException">The memory has more slots than the format.</exception>
    public static byte[] For(GuestMemory memory)
    {
        ImmutableArray<MemorySlot> slots = memory.Slots;
        if (slots.Length > MigrationFormat.MaximumSlots)
            throw new ArgumentException($"A migration has at most {MigrationFormat.MaximumSlots} slots.", nameof(memory));

        byte[] header = new byte[SizeFor(slots.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(header, MigrationFormat.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), MigrationFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), GuestPage.Size);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), (uint)slots.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), Crc32C.Append(Crc32C.Empty, header.AsSpan(0, 28)));
        Span<byte> rest = header.AsSpan(MigrationFormat.PreambleSize);
        foreach (MemorySlot slot in slots)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, slot.Id);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[8..], slot.BaseGfn);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[16..], slot.PageCount);
            rest = rest[MigrationFormat.SlotSize..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(rest, Crc32C.Append(Crc32C.Empty, header.AsSpan(..^MigrationFormat.ChecksumSize)));
        return header;
    }

    /// <summary>Reads a header that must be this memory's.</summary>
    /// <exception cref="MigrationStreamException">It is not.</exception>
    public static void Check(StreamBytes source, GuestMemory memory)
    {
        byte[] expected = For(memory);
        byte[] bytes = new byte[expected.Length];
        ReadOnlySpan<byte> header = bytes;
        source.ReadInto(bytes.AsMemory(0, MigrationFormat.PreambleSize), "the stream's header");
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != MigrationFormat.Magic)
            throw new MigrationStreamException("this is no migration stream: it does not begin with \"RingKitM\".", 0);
        if (Crc32C.Append(Crc32C.Empty, header[..28]) != BinaryPrimitives.ReadUInt32LittleEndian(header[28..]))
            throw new MigrationStreamException("the header's checksum is wrong.", 0);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) is var version && version != MigrationFormat.Version)
            throw new MigrationStreamException($"the stream has version {version}; only {MigrationFormat.Version} can be read.", 8);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) is var size && size != GuestPage.Size)
            throw new MigrationStreamException($"the source has pages of {size} bytes, the destination of {GuestPage.Size}.", 12);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[16..]) is var count && count != (uint)memory.Slots.Length)
            throw new MigrationStreamException($"the source has {count} slots, the destination {memory.Slots.Length}.", 16);

        source.ReadInto(bytes.AsMemory(MigrationFormat.PreambleSize), "the stream's slots");
        if (Crc32C.Append(Crc32C.Empty, header[..^MigrationFormat.ChecksumSize]) != BinaryPrimitives.ReadUInt32LittleEndian(header[^MigrationFormat.ChecksumSize..]))
            throw new MigrationStreamException("the checksum of the slots is wrong.", MigrationFormat.PreambleSize);
        int same = header.CommonPrefixLength(expected);
        if (same != expected.Length)
            throw new MigrationStreamException($"slot {(same - MigrationFormat.PreambleSize) / MigrationFormat.SlotSize} of the header is not the destination's.", same);
    }
}
