using System.Buffers.Binary;
using System.Numerics;
using RingKit.Bitmaps.Operations;

namespace RingKit.Bitmaps;

/// <summary>Other bitmaps: marks from one, looks and harvests into one.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    /// <summary>Marks what is set in a bitmap, and says how much of it was clean.</summary>
    public ulong MarkFrom<TMarking>(ReadOnlySpan<ulong> source, ulong firstPage, ulong count)
        where TMarking : struct, IMarking
    {
        CheckWordRange(firstPage, count);
        BitmapArguments.CheckSpan(source, count);
        TMarking.OrderStores<TOrdering>();
        ulong clean = 0;
        int words = (int)WordsFor(count);
        for (int i = 0; i < words; i++)
        {
            ulong mask = source[i] & (i == words - 1 ? BitmapArguments.LastWordMask(count) : ulong.MaxValue);
            if (mask != 0)
                clean += (uint)BitOperations.PopCount(FetchSet<TMarking>((firstPage >> 6) + (uint)i, mask));
        }

        GC.KeepAlive(this);
        return clean;
    }

    /// <summary>The same from KVM's bytes.</summary>
    public ulong MarkFromKvm<TMarking>(ReadOnlySpan<byte> source, ulong firstPage, ulong count)
        where TMarking : struct, IMarking
    {
        CheckWordRange(firstPage, count);
        KvmBitmap.CheckBytes(source.Length, count, nameof(source));
        KvmBitmap.CheckPadding(source, count);
        TMarking.OrderStores<TOrdering>();
        ulong clean = 0;
        int words = (int)WordsFor(count);
        for (int i = 0; i < words; i++)
        {
            // The padding again: the bytes may be another party's.
            ulong mask = BinaryPrimitives.ReadUInt64LittleEndian(source[(i * sizeof(ulong))..])
                & (i == words - 1 ? BitmapArguments.LastWordMask(count) : ulong.MaxValue);
            if (mask != 0)
                clean += (uint)BitOperations.PopCount(FetchSet<TMarking>((firstPage >> 6) + (uint)i, mask));
        }

        GC.KeepAlive(this);
        return clean;
    }

    public void CopyTo(Span<ulong> destination, ulong firstPage, ulong count)
    {
        CheckWordRange(firstPage, count);
        BitmapArguments.CheckSpan(destination, count);
        int words = (int)WordsFor(count);
        for (int i = 0; i < words; i++)
            destination[i] = LookAt((nuint)(firstPage >> 6) + (uint)i);
        if (words != 0)
            destination[words - 1] &= BitmapArguments.LastWordMask(count);
        GC.KeepAlive(this);
    }

    public int CopyToKvm(Span<byte> destination, ulong firstPage, ulong count)
    {
        CheckWordRange(firstPage, count);
        KvmBitmap.CheckBytes(destination.Length, count, nameof(destination));
        int words = (int)WordsFor(count);
        for (int i = 0; i < words; i++)
        {
            ulong mask = LookAt((nuint)(firstPage >> 6) + (uint)i) & (i == words - 1 ? BitmapArguments.LastWordMask(count) : ulong.MaxValue);
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(i * sizeof(ulong))..], mask);
        }

        GC.KeepAlive(this);
        return words * sizeof(ulong);
    }

    /// <summary>Takes dirty pages into a bitmap, joining what is set there.</summary>
    public ulong HarvestWords(Span<ulong> destination, ulong firstPage, ulong count)
    {
        CheckWordRange(firstPage, count);
        BitmapArguments.CheckSpan(destination, count);
        var sink = new WordSink(destination, firstPage);
        ulong cursor = firstPage;
        Masks<AlwaysOr, WordSink>(ref sink, ref cursor, firstPage + count, ulong.MaxValue, takes: true);
        return sink.Taken;
    }

    /// <summary>The same of all pages, by a discipline that may have skipped marks.</summary>
    public ulong HarvestWords<TMarking>(Span<ulong> destination)
        where TMarking : struct, IMarking
    {
        CheckWordRange(0, Pages);
        BitmapArguments.CheckSpan(destination, Pages);
        var sink = new WordSink(destination, 0);
        HarvestMasks<TMarking, WordSink>(ref sink);
        return sink.Taken;
    }

    private void CheckWordRange(ulong firstPage, ulong count)
    {
        ThrowIfDisposed();
        if (firstPage > Pages || firstPage % 64 != 0)
            throw new ArgumentOutOfRangeException(nameof(firstPage), firstPage, $"The first page must be a multiple of 64 and at most {Pages}.");
        if (count > Pages - firstPage)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"From page {firstPage} on the bitmap has {Pages - firstPage} pages.");
    }
}
