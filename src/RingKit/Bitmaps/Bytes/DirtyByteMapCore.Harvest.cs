using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Bytes;

/// <summary>Harvesting: 64 bytes at a time become a mask.</summary>
internal sealed unsafe partial class DirtyByteMapCore<TOrdering>
{
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ThrowIfDisposed();
        var scan = new Scan(this);
        MaskHarvest.Masks(ref scan, ref sink);
        GC.KeepAlive(this);
    }

    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ThrowIfDisposed();
        var scan = new Scan(this);
        MaskHarvest.Runs(ref scan, ref sink);
        GC.KeepAlive(this);
    }

    public int HarvestIndices(Span<ulong> destination, ref ulong cursor)
    {
        ThrowIfDisposed();
        TrackedPages.CheckCursor(cursor, Pages);
        int taken = 0;
        while (taken < destination.Length && cursor < Pages)
        {
            ulong block = cursor & ~63ul;
            ulong seen = DirtyMask(block) & TrackedPages.BitsFrom(cursor);
            if (seen == 0)
            {
                cursor = FindBlock(block + 64);
                continue;
            }

            int room = destination.Length - taken;
            ulong wanted = TrackedPages.LowestBits(seen, room);
            Clear(block, wanted);
            taken += TrackedPages.Write(destination[taken..], block, wanted);
            cursor = Math.Min(block + 64 - (wanted == seen ? 0 : (uint)BitOperations.LeadingZeroCount(wanted)), Pages);
        }

        GC.KeepAlive(this);
        return taken;
    }

    // The next block of 64 pages in which there may be a dirty one, or Pages: a hint.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong FindBlock(ulong block)
    {
        // On hardware by vectors, over words of 8 pages, which leave out the last few; on a model of memory each block is looked at.
        if (typeof(TOrdering) == typeof(HardwareOrdering) && block < _pages)
            block = (ulong)NonZeroScan.Find(in *(ulong*)_bytes, (nuint)(block >> 3), (nuint)(_pages >> 3)) << 3 & ~63ul;
        return Math.Min(block, _pages);
    }

    // Which of a block's pages are dirty. A byte that was seen dirty stays so until it is cleared here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong DirtyMask(ulong block)
    {
        int count = (int)Math.Min(64, _pages - block);
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            return NonZeroBytes.Mask(in _bytes[block], count);

        ulong mask = 0;
        for (int i = 0; i < count; i++)
            mask |= (TOrdering.LoadRelaxed(ref _bytes[block + (uint)i]) != Clean ? 1UL : 0) << i;
        return mask;
    }

    // Clears bytes that were seen dirty, and no others: one that was clean may be marked at any moment.
    private void Clear(ulong block, ulong mask)
    {
        byte* bytes = _bytes + block;
        if (typeof(TOrdering) == typeof(HardwareOrdering) && mask == ulong.MaxValue)
        {
            for (nuint i = 0; i < 64; i += 8)
                HardwareOrdering.StoreRelaxed(ref *(ulong*)(bytes + i), 0);
        }
        else
        {
            for (ulong rest = mask; rest != 0; rest &= rest - 1)
                TOrdering.StoreRelaxed(ref bytes[BitOperations.TrailingZeroCount(rest)], Clean);
        }

        TOrdering.FullFence();                                                        // E32: the bytes are 0 before the pages are read
    }

    private struct Scan(DirtyByteMapCore<TOrdering> map) : IMaskSource
    {
        private ulong _next;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool TakeNext(out ulong firstPage, out ulong mask)
        {
            // A sink may dispose the map: then there is no block left.
            for (ulong block = map.FindBlock(_next); block < map._pages; block = map.FindBlock(block + 64))
            {
                mask = map.DirtyMask(block);
                if (mask == 0)
                    continue;

                map.Clear(block, mask);
                firstPage = block;
                _next = block + 64;
                return true;
            }

            _next = map.Pages;
            firstPage = mask = 0;
            return false;
        }

        public readonly void PutBack(ulong firstPage, ulong mask)
        {
            for (; mask != 0 && map._pages != 0; mask &= mask - 1)
                map.MarkByte(firstPage + (uint)BitOperations.TrailingZeroCount(mask));
        }

        public readonly void PutBackRange(ulong first, ulong count)
        {
            if (count != 0 && map._pages != 0)
                map.MarkRange(first, count);
        }

        public readonly void Abandon()
        {
        }
    }
}
