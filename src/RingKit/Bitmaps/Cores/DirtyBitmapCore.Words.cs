using System.Buffers.Binary;
using System.Numerics;
using RingKit.Bitmaps.Operations;

namespace RingKit.Bitmaps.Cores;

/// <summary>Other bitmaps: marks from one, looks and harvests into one.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    /// <summary>Marks what is set in a bitmap, and says how much of it was clean.</summary>
    public ulong MarkFrom<TMarking>(ReadOnlySpan<ulong> source, ulong firstPage, ulong count)
        where TMarking : struct, IMarking
    {
        CheckPart(firstPage, count);
        BitmapArguments.CheckSpan(source, count);
        TMarking.OrderStores<TOrdering>();
        ulong clean = 0;
        ulong carried = 0;
        int words = (int)WordsFor(count);
        for (int i = 0; i < words; i++)
        {
            ulong mask = source[i] & (i == words - 1 ? BitmapArguments.LastWordMask(count) : ulong.MaxValue);
            clean += FetchSetFrom<TMarking>(firstPage + ((ulong)i << 6), mask, ref carried);
        }

        clean += FetchSetFrom<TMarking>(firstPage + ((ulong)words << 6), 0, ref carried);
        GC.KeepAlive(this);
        return clean;
    }

    /// <summary>The same from a bitmap whose padding must be clear.</summary>
    public ulong MarkFromWhp<TMarking>(ReadOnlySpan<ulong> source, ulong firstPage, ulong count)
        where TMarking : struct, IMarking
    {
        CheckPart(firstPage, count);
        BitmapArguments.CheckSpan(source, count);
        BitmapArguments.CheckPadding(source, count);
        return MarkFrom<TMarking>(source, firstPage, count);
    }

    /// <summary>The same from KVM's bytes.</summary>
    public ulong MarkFromKvm<TMarking>(ReadOnlySpan<byte> source, ulong firstPage, ulong count)
        where TMarking : struct, IMarking
    {
        CheckPart(firstPage, count);
        KvmBitmap.CheckBytes(source.Length, count, nameof(source));
        KvmBitmap.CheckPadding(source, count);
        TMarking.OrderStores<TOrdering>();
        ulong clean = 0;
        ulong carried = 0;
        int words = (int)WordsFor(count);
        for (int i = 0; i < words; i++)
        {
            // The padding again: the bytes may be another party's.
            ulong mask = BinaryPrimitives.ReadUInt64LittleEndian(source[(i * sizeof(ulong))..])
                & (i == words - 1 ? BitmapArguments.LastWordMask(count) : ulong.MaxValue);
            clean += FetchSetFrom<TMarking>(firstPage + ((ulong)i << 6), mask, ref carried);
        }

        clean += FetchSetFrom<TMarking>(firstPage + ((ulong)words << 6), 0, ref carried);
        GC.KeepAlive(this);
        return clean;
    }

    public void CopyTo(Span<ulong> destination, ulong firstPage, ulong count)
    {
        CheckPart(firstPage, count);
        BitmapArguments.CheckSpan(destination, count);
        int words = (int)WordsFor(count);
        for (int i = 0; i < words; i++)
            destination[i] = LookFrom(firstPage + ((ulong)i << 6));
        if (words != 0)
            destination[words - 1] &= BitmapArguments.LastWordMask(count);
        GC.KeepAlive(this);
    }

    public int CopyToKvm(Span<byte> destination, ulong firstPage, ulong count)
    {
        CheckPart(firstPage, count);
        KvmBitmap.CheckBytes(destination.Length, count, nameof(destination));
        int words = (int)WordsFor(count);
        for (int i = 0; i < words; i++)
        {
            ulong mask = LookFrom(firstPage + ((ulong)i << 6)) & (i == words - 1 ? BitmapArguments.LastWordMask(count) : ulong.MaxValue);
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(i * sizeof(ulong))..], mask);
        }

        GC.KeepAlive(this);
        return words * sizeof(ulong);
    }

    /// <summary>Takes dirty pages into a bitmap, joining what is set there.</summary>
    public ulong HarvestWords<TMarking>(Span<ulong> destination, ulong firstPage, ulong count)
        where TMarking : struct, IMarking
    {
        CheckPart(firstPage, count);
        BitmapArguments.CheckSpan(destination, count);
        var sink = new WordSink(destination, firstPage);
        ulong cursor = firstPage;
        Masks<TMarking, WordSink>(ref sink, ref cursor, firstPage + count, ulong.MaxValue, takes: true);
        return sink.Taken;
    }

    // Marks 64 pages from any page on, and those that were carried: where they begin within a word, their end belongs to the next one, and is
    // carried there. Says how many were clean.
    private ulong FetchSetFrom<TMarking>(ulong page, ulong mask, ref ulong carried)
        where TMarking : struct, IMarking
    {
        int shift = (int)page & 63;
        ulong here = carried | mask << shift;
        carried = mask >> 1 >> (63 - shift);
        return here == 0 ? 0 : (uint)BitOperations.PopCount(FetchSet<TMarking>(page >> 6, here));
    }

    // 64 pages from any page on; beyond the last one all are clean.
    private ulong LookFrom(ulong page)
    {
        nuint word = (nuint)(page >> 6);
        int shift = (int)page & 63;
        ulong low = LookAt(word) >> shift;
        return shift == 0 || word + 1 >= _wordCount ? low : low | LookAt(word + 1) << (64 - shift);
    }

    private void CheckPart(ulong firstPage, ulong count)
    {
        ThrowIfDisposed();
        if (firstPage > Pages)
            throw new ArgumentOutOfRangeException(nameof(firstPage), firstPage, $"The bitmap has {Pages} pages.");
        if (count > Pages - firstPage)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"From page {firstPage} on the bitmap has {Pages - firstPage} pages.");
    }
}
