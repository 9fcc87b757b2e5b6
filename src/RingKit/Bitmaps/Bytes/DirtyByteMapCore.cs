using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Bytes;

/// <summary>The bytes of a dirty byte map and the marking of pages; see docs/bitmaps.md.</summary>
internal sealed unsafe partial class DirtyByteMapCore<TOrdering> : IDirtyTracker
    where TOrdering : struct, IOrdering
{
    // A marker stores to the page, then 1 to the page's byte, without looking at it: a release (E32). The harvester finds a byte that is not 0, stores 0
    // to it, makes a full fence, and then the sink reads the page (E32).
    // The hazard: a marker stores once more, while the byte is still 1, between the harvester's load and its 0; its 1 is overwritten unseen. Stores
    // to one byte have one order for all threads. A 1 behind the harvester's 0 is found by the next harvest. A 1 before it had the page's
    // store before it in turn, so that behind the fence, when the 0 is where all see it, the page's store is as well. Without
    // the fence the 0 could wait in the store buffer while the page is already being read.

    // Only these two values are ever stored, but what another party leaves in its bytes counts as dirty if it is not 0.
    private const byte Clean = 0;
    private const byte Dirty = 1;

    // Invariant: Pages bytes from an address that is a multiple of 8; the lease keeps them until Dispose. Whoever touches them ends
    // with GC.KeepAlive(this).
    private readonly byte* _bytes;
    private readonly NativeLease _lease;

    // Becomes 0 in Dispose: then every page is out of range and every scan is at its end, and the slow path finds out why.
    private ulong _pages;

    public DirtyByteMapCore(NativeView<byte> bytes, ulong pages)
    {
        _lease = bytes.Lease();
        _bytes = bytes.DangerousPointer;
        _pages = Pages = pages;
    }

    public ulong Pages { get; }

    public void Dispose()
    {
        _pages = 0;
        _lease.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        MarkByte(page);
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        bool wasClean = TOrdering.ExchangeRelease(ref _bytes[page], Dirty) == Clean;  // E32
        GC.KeepAlive(this);
        return wasClean;
    }

    public void MarkRange(ulong first, ulong count)
    {
        if (first > _pages || count > _pages - first)
            ThrowRange(first, count);
        ThrowIfDisposed();
        if (count == 1)
            MarkByte(first);
        else if (count != 0)
            MarkBytes(first, count);
        GC.KeepAlive(this);
    }

    public bool IsDirty(ulong page)
    {
        if (page >= _pages)
            ThrowPage(page);
        bool isDirty = TOrdering.LoadAcquire(ref _bytes[page]) != Clean;              // E32
        GC.KeepAlive(this);
        return isDirty;
    }

    public ulong Count()
    {
        ThrowIfDisposed();
        ulong count = 0;
        for (ulong page = 0; page < _pages; page += 64)
            count += (uint)BitOperations.PopCount(DirtyMask(page));
        GC.KeepAlive(this);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MarkByte(ulong page) => TOrdering.StoreRelease(ref _bytes[page], Dirty);    // E32

    // One fence in place of a release for each byte, so that they can be stored in vectors.
    private void MarkBytes(ulong first, ulong count)
    {
        TOrdering.FullFence();                                                        // E32: as the release of each byte
        if (typeof(TOrdering) == typeof(HardwareOrdering))
        {
            for (int length; count != 0; first += (uint)length, count -= (uint)length)
            {
                length = (int)Math.Min(count, 1 << 30);
                new Span<byte>(_bytes + first, length).Fill(Dirty);
            }
        }

        for (; count != 0; first++, count--)
            TOrdering.StoreRelaxed(ref _bytes[first], Dirty);
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_pages == 0, typeof(DirtyByteMap));

    [MethodImpl(MethodImplOptions.NoInlining)]
    [DoesNotReturn]
    private void ThrowPage(ulong page)
    {
        ThrowIfDisposed();
        TrackedPages.ThrowPage(page, Pages);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [DoesNotReturn]
    private void ThrowRange(ulong first, ulong count)
    {
        ThrowIfDisposed();
        TrackedPages.ThrowRange(first, count, Pages);
    }
}
