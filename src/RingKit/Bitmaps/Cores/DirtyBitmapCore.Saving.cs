using System.Buffers.Binary;
using CommunityToolkit.HighPerformance.Buffers;
using RingKit.Bitmaps.Operations;
using RingKit.Memory;

namespace RingKit.Bitmaps.Cores;

/// <summary>A bitmap in a stream, as <see cref="SavedBitmap"/> lays it out.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    // 64 KiB of bitmap at a time.
    private const ulong ChunkPages = 1 << 19;

    /// <summary>Writes the first pages, which may be all.</summary>
    public void Save(Stream stream, ulong pages, Granule granule)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        using SpanOwner<byte> chunk = SpanOwner<byte>.Allocate((int)KvmBitmap.ByteLength(ChunkPages));
        SavedBitmap.WriteHeader(chunk.Span, pages, granule);
        stream.Write(chunk.Span[..SavedBitmap.HeaderBytes]);
        uint checksum = Crc32C.Empty;
        for (ulong first = 0; first < pages; first += ChunkPages)
        {
            Span<byte> bytes = chunk.Span[..CopyToKvm(chunk.Span, first, Math.Min(ChunkPages, pages - first))];
            checksum = Crc32C.Append(checksum, bytes);
            stream.Write(bytes);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(chunk.Span, checksum);
        stream.Write(chunk.Span[..SavedBitmap.ChecksumBytes]);
    }

    /// <summary>Marks what was saved of so many pages, or nothing.</summary>
    public ulong Restore<TMarking>(Stream stream, ulong pages, Granule granule)
        where TMarking : struct, IMarking
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        Span<byte> header = stackalloc byte[SavedBitmap.HeaderBytes];
        SavedBitmap.Read(stream, header);
        SavedBitmap.CheckHeader(header, pages, granule);

        // All of it is read before anything is marked: the stream may end early. As much as this bitmap has, whatever the header says.
        using var saved = new NativeBlock<byte>((nuint)KvmBitmap.ByteLength(pages));
        uint checksum = Crc32C.Empty;
        for (nuint done = 0; done < saved.Length;)
        {
            Span<byte> chunk = saved.View.Slice(done, Math.Min(saved.Length - done, (nuint)KvmBitmap.ByteLength(ChunkPages))).AsSpan();
            SavedBitmap.Read(stream, chunk);
            checksum = Crc32C.Append(checksum, chunk);
            done += (nuint)chunk.Length;
        }

        SavedBitmap.Read(stream, header[..SavedBitmap.ChecksumBytes]);
        SavedBitmap.CheckBody(checksum, header);
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(saved.View.Slice(saved.Length - sizeof(ulong), sizeof(ulong)).AsSpan());
        ulong padding = last & ~BitmapArguments.LastWordMask(pages);
        if (padding != 0)
        {
            throw new InvalidDataException(
                $"The saved bitmap has bits beyond its {pages} pages, 0x{padding:x16} in its last 8 bytes: Save writes none. Mark all pages.");
        }

        ulong clean = 0;
        for (ulong first = 0; first < pages; first += ChunkPages)
        {
            ulong count = Math.Min(ChunkPages, pages - first);
            clean += MarkFromKvm<TMarking>(saved.View.Slice((nuint)(first / 8), (nuint)KvmBitmap.ByteLength(count)).AsSpan(), first, count);
        }

        return clean;
    }
}
