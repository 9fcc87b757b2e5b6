using System.Buffers.Binary;
using RingKit.Memory;

namespace RingKit.Bitmaps.Cores;

/// <summary>A saved bitmap's header and checksum; see docs/bitmaps.md.</summary>
/// <remarks>
/// Little-endian, 32 bytes: magic at 0, version at 8, bytes of a page at 12, pages (64 bits) at 16, zeros at 24, CRC-32C of these 28 bytes at
/// 28. Then KVM's bytes of the bitmap, then their CRC-32C. A change is a new version.
/// </remarks>
internal static class SavedBitmap
{
    public const int HeaderBytes = 32;
    public const int ChecksumBytes = sizeof(uint);
    public const uint Version = 1;

    private const int VersionOffset = 8;
    private const int GranuleOffset = 12;
    private const int PagesOffset = 16;
    private const int ChecksumOffset = 28;

    private static ReadOnlySpan<byte> Magic => "RKBITMAP"u8;

    public static void WriteHeader(Span<byte> header, ulong pages, Granule granule)
    {
        header[..HeaderBytes].Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[VersionOffset..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[GranuleOffset..], granule.Bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[PagesOffset..], pages);
        BinaryPrimitives.WriteUInt32LittleEndian(header[ChecksumOffset..], Crc32C.Append(Crc32C.Empty, header[..ChecksumOffset]));
    }

    /// <summary>Checks that a header is whole, and of a bitmap with as many pages of as many bytes.</summary>
    public static void CheckHeader(ReadOnlySpan<byte> header, ulong pages, Granule granule)
    {
        if (!header.StartsWith(Magic))
            throw new InvalidDataException("The stream has no saved bitmap at its position. Seek to where Save began to write.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[VersionOffset..]);
        if (version != Version)
        {
            throw new InvalidDataException(
                $"The bitmap was saved in version {version} of the format, and this RingKit reads version {Version}. Use the RingKit that saved it.");
        }

        if (Crc32C.Append(Crc32C.Empty, header[..ChecksumOffset]) != BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumOffset..]))
            throw new InvalidDataException("The saved bitmap's header is corrupt: its checksum is wrong. Take another copy, or mark all pages.");

        uint savedBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[GranuleOffset..]);
        ulong savedPages = BinaryPrimitives.ReadUInt64LittleEndian(header[PagesOffset..]);
        if (savedPages != pages || savedBytes != granule.Bytes)
        {
            throw new InvalidDataException(
                $"The saved bitmap has {savedPages} pages of {savedBytes} bytes, and this one has {pages} of {granule.Bytes}. "
                + "Restore it into a bitmap made like the one that was saved.");
        }
    }

    public static void CheckBody(uint checksum, ReadOnlySpan<byte> saved)
    {
        if (checksum != BinaryPrimitives.ReadUInt32LittleEndian(saved))
            throw new InvalidDataException("The saved bitmap is corrupt: its checksum is wrong. Take another copy, or mark all pages.");
    }

    /// <summary>Fills a span from a stream.</summary>
    public static void Read(Stream stream, Span<byte> destination)
    {
        if (stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) < destination.Length)
            throw new InvalidDataException("The saved bitmap is cut off: the stream ends early. Take another copy, or mark all pages.");
    }
}
