using System.Buffers.Binary;
using CommunityToolkit.HighPerformance.Buffers;
using RingKit.Bitmaps.Operations;
using RingKit.Memory;

namespace RingKit.Bitmaps;

/// <summary>A bitmap in a stream: the number of pages in 8 bytes, the least significant first, then KVM's bytes.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    // 64 KiB of bitmap at a time.
    private const ulong ChunkPages = 1 << 19;

    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        using SpanOwner<byte> chunk = SpanOwner<byte>.Allocate((int)KvmBitmap.ByteLength(ChunkPages));
        BinaryPrimitives.WriteUInt64LittleEndian(chunk.Span, Pages);
        stream.Write(chunk.Span[..sizeof(ulong)]);
        for (ulong first = 0; first < Pages; first += ChunkPages)
            stream.Write(chunk.Span[..CopyToKvm(chunk.Span, first, Math.Min(ChunkPages, Pages - first))]);
    }

    public ulong Restore<TMarking>(Stream stream)
        where TMarking : struct, IMarking
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        Span<byte> header = stackalloc byte[sizeof(ulong)];
        stream.ReadExactly(header);
        ulong pages = BinaryPrimitives.ReadUInt64LittleEndian(header);
        if (pages != Pages)
            throw new InvalidDataException($"The stream has a bitmap of {pages} pages, and this one has {Pages}.");

        // All of it is read before anything is marked: the stream may end early.
        using var saved = new NativeBlock<byte>((nuint)KvmBitmap.ByteLength(Pages));
        for (nuint done = 0; done < saved.Length;)
        {
            Span<byte> chunk = saved.View.Slice(done, Math.Min(saved.Length - done, 1 << 30)).AsSpan();
            stream.ReadExactly(chunk);
            done += (nuint)chunk.Length;
        }

        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(saved.View.Slice(saved.Length - sizeof(ulong), sizeof(ulong)).AsSpan());
        if ((last & ~_lastWordMask) != 0)
            throw new InvalidDataException($"The stream has bits beyond the {Pages} pages: 0x{last & ~_lastWordMask:x16} in its last 8 bytes.");

        ulong clean = 0;
        for (ulong first = 0; first < Pages; first += ChunkPages)
        {
            ulong count = Math.Min(ChunkPages, Pages - first);
            clean += MarkFromKvm<TMarking>(saved.View.Slice((nuint)(first / 8), (nuint)KvmBitmap.ByteLength(count)).AsSpan(), first, count);
        }

        return clean;
    }
}
