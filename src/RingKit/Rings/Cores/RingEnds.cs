using System.Runtime.CompilerServices;
using RingKit.Memory;

namespace RingKit.Rings.Cores;

/// <summary>The memory of a ring of <typeparamref name="T"/>, and what a claim or a loan on it needs to end.</summary>
internal abstract unsafe class RingEnds<T> : IDisposable
    where T : unmanaged
{
    // Invariant: _items has _mask + 1 slots, a power of two, and _start the header before them; _lease keeps both until Dispose.
    private protected readonly byte* _start;
    private protected readonly T* _items;
    private protected readonly ulong _mask;
    private readonly NativeLease _lease;

    // Its memory is not freed by Dispose but with this object: a role that outlives the ring may still look at its own line.
    private readonly NativeView<RoleLine> _linesView;
    private protected readonly RoleLine* _lines;

    private protected RingEnds(NativeView<byte> memory, in RingShape shape, nuint lines)
    {
        Shape = shape;
        _mask = shape.Capacity - 1;
        _lease = memory.Lease();
        _start = memory.DangerousPointer;
        _items = (T*)(_start + SharedRingLayout.ItemsOffset(shape.Kind, shape.Capacity, shape.Cursors));
        _linesView = new NativeBlock<RoleLine>(lines).View;
        _lines = _linesView.DangerousPointer;
    }

    public RingShape Shape { get; }

    public ulong Capacity => _mask + 1;

    public bool IsDisposed { get; private set; }

    public void Dispose()
    {
        IsDisposed = true;
        CloseFastPaths();
        _lease.Dispose();
    }

    /// <summary>Publishes the first items of a claim and gives the others up.</summary>
    public abstract void Commit(ulong start, int claimed, int count);

    /// <summary>Takes the first items of a loan out of the ring, and ends it.</summary>
    public abstract void Release(ulong start, int count, int cursor);

    /// <summary>The slots from an index on, as the one or two stretches in which they lie in memory.</summary>
    public void Locate(ulong index, int count, out Span<T> first, out Span<T> second)
    {
        ulong slot = index & _mask;
        int beforeWrap = (int)Math.Min((ulong)count, Capacity - slot);
        first = new Span<T>(_items + slot, beforeWrap);
        second = new Span<T>(_items, count - beforeWrap);
    }

    /// <summary>Sets the bounds of the fast paths to 0, so that every call ends in a slow one that says what is wrong.</summary>
    private protected abstract void CloseFastPaths();

    // In bounds for any index: the mask is the number of slots less one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected ref T ItemAt(ulong index) => ref _items[index & _mask];

    private protected ref ulong WordAt(nuint offset) => ref Unsafe.AsRef<ulong>(_start + offset);

    private protected void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);
}
