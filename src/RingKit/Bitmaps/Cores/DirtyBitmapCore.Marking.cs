using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Cores;

/// <summary>Marking, by one of the disciplines of <see cref="IMarking"/>; without one, by <see cref="AlwaysOr"/>.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page) => Mark<AlwaysOr>(page);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark<TMarking>(ulong page)
        where TMarking : struct, IMarking
    {
        if (page >= _pages)
            ThrowPage(page);
        TMarking.OrderStores<TOrdering>();
        Set<TMarking>(page >> 6, 1UL << (int)page);
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page) => TryMark<AlwaysOr>(page);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark<TMarking>(ulong page)
        where TMarking : struct, IMarking
    {
        if (page >= _pages)
            ThrowPage(page);
        TMarking.OrderStores<TOrdering>();
        bool wasClean = FetchSet<TMarking>(page >> 6, 1UL << (int)page) != 0;
        GC.KeepAlive(this);
        return wasClean;
    }

    public void MarkRange(ulong first, ulong count) => MarkRange<AlwaysOr>(first, count);

    public void MarkRange<TMarking>(ulong first, ulong count)
        where TMarking : struct, IMarking
    {
        if (!CheckRange(first, count))
            return;

        TMarking.OrderStores<TOrdering>();
        ulong last = first + count - 1;
        ulong word = first >> 6;
        ulong mask = ulong.MaxValue << (int)first;
        for (; word < last >> 6; word++, mask = ulong.MaxValue)
            Set<TMarking>(word, mask);
        Set<TMarking>(word, mask & LowBitsThrough(last));
        GC.KeepAlive(this);
    }

    public ulong TryMarkRange<TMarking>(ulong first, ulong count)
        where TMarking : struct, IMarking
    {
        if (!CheckRange(first, count))
            return 0;

        TMarking.OrderStores<TOrdering>();
        ulong last = first + count - 1;
        ulong word = first >> 6;
        ulong mask = ulong.MaxValue << (int)first;
        ulong clean = 0;
        for (; word < last >> 6; word++, mask = ulong.MaxValue)
            clean += (uint)BitOperations.PopCount(FetchSet<TMarking>(word, mask));
        clean += (uint)BitOperations.PopCount(FetchSet<TMarking>(word, mask & LowBitsThrough(last)));
        GC.KeepAlive(this);
        return clean;
    }

    public void MarkRectangle<TMarking>(ulong first, ulong width, ulong height, ulong stride)
        where TMarking : struct, IMarking
    {
        if (!CheckRectangle(first, ref width, ref height, stride))
            return;

        // Narrow rows share words: a word's bits are gathered until the next bit is in another word.
        TMarking.OrderStores<TOrdering>();
        ulong word = first >> 6;
        ulong mask = 0;
        for (; height > 0; height--, first += stride)
        {
            ulong last = first + width - 1;
            ulong low = ulong.MaxValue << (int)first;
            for (ulong next = first >> 6; next <= last >> 6; next++, low = ulong.MaxValue)
            {
                if (next != word)
                {
                    Set<TMarking>(word, mask);
                    (word, mask) = (next, 0);
                }

                mask |= next == last >> 6 ? low & LowBitsThrough(last) : low;
            }
        }

        Set<TMarking>(word, mask);
        GC.KeepAlive(this);
    }

    public void MarkBytes<TMarking>(Granule granule, ulong address, ulong length)
        where TMarking : struct, IMarking
    {
        (ulong first, ulong count) = granule.PagesOf(address, length);
        if (!CheckRange(first, count, nameof(address), nameof(length)))
            return;
        MarkRange<TMarking>(first, count);
    }

    private static ulong LowBitsThrough(ulong page) => ulong.MaxValue >> (int)(63 - (page & 63));

    // A test that finds every bit set is enough: E40 and E41 say why. It may read an old word, so it decides nothing else.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Set<TMarking>(ulong word, ulong mask)
        where TMarking : struct, IMarking
    {
        if (TMarking.TestsFirst && (~TOrdering.LoadRelaxed(ref _words[word]) & mask) == 0)
            return;
        TOrdering.OrRelease(ref _words[word], mask);                                  // E4
    }

    // Returns those bits that were clear.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong FetchSet<TMarking>(ulong word, ulong mask)
        where TMarking : struct, IMarking
    {
        if (TMarking.TestsFirst && (~TOrdering.LoadRelaxed(ref _words[word]) & mask) == 0)
            return 0;
        return ~TOrdering.FetchOrRelease(ref _words[word], mask) & mask;              // E4
    }

    // False if there is nothing to mark.
    private bool CheckRange(ulong first, ulong count, string firstName = "first", string countName = "count")
    {
        if (first > _pages || count > _pages - first)
            ThrowRange(first, count, firstName, countName);
        if (count == 0)
            ThrowIfDisposed();
        return count != 0;
    }

    private bool CheckRectangle(ulong first, ref ulong width, ref ulong height, ulong stride)
    {
        if (!CheckRange(first, width, nameof(first), nameof(width)) || height == 0)
            return false;

        // The last row has to begin early enough; 0 rows of distance fit anywhere.
        ulong room = _pages - first - width;
        if (height > 1 && stride > room)
            ThrowRectangle(nameof(stride), stride);
        if (stride != 0 && height - 1 > room / stride)
            ThrowRectangle(nameof(height), height);

        // Rows without gaps are one row, which costs its words and not its rows: 2^64 rows at a distance of 0 as well.
        if (stride <= width)
            (width, height) = (width + ((height - 1) * stride), 1);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowRectangle(string name, ulong value) =>
        throw new ArgumentOutOfRangeException(name, value, $"All rows must lie within the {Pages} pages of the bitmap.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowRange(ulong first, ulong count, string firstName, string countName)
    {
        ThrowIfDisposed();
        bool firstIsWrong = first > Pages;
        throw new ArgumentOutOfRangeException(
            firstIsWrong ? firstName : countName,
            firstIsWrong ? $"page {first}" : $"{count} pages",
            $"{firstName} and {countName} must lie within the {Pages} pages of the bitmap.");
    }
}
