using System.Runtime.CompilerServices;
using RingKit.Ordering;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;

namespace RingKit.Rings;

/// <summary>The writing end of a <see cref="BroadcastRing{T}"/>.</summary>
/// <remarks>
/// Thread role: one thread at a time, or, in a ring made with <see cref="BroadcastOptions.ManyWriters"/>, any number; concurrently with all
/// readers.
/// </remarks>
/// <typeparam name="T">The type of the items.</typeparam>
public readonly struct BroadcastWriter<T>
    where T : unmanaged
{
    private readonly BroadcastCore<T, HardwareOrdering> _ring;

    internal BroadcastWriter(BroadcastCore<T, HardwareOrdering> ring) => _ring = ring;

    /// <summary>Publishes one item, if no reader is in the way that the ring's <see cref="LaggardPolicy"/> lets stay there.</summary>
    /// <returns>False if nothing was stored.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWrite(T item) => _ring.TryWrite(item);

    /// <summary>Publishes the first items, as many as there is room for by the ring's <see cref="LaggardPolicy"/>.</summary>
    /// <returns>How many were stored.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int TryWrite(ReadOnlySpan<T> items) => _ring.TryWrite(items);

    /// <summary>Publishes one item, and waits for readers that cannot be passed: spins, then yields.</summary>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(T item)
    {
        if (!_ring.TryWrite(item))
            _ring.Write<YieldingWait>(new ReadOnlySpan<T>(in item), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Publishes all items, in order, and waits for readers that cannot be passed: spins, then yields.</summary>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Write(ReadOnlySpan<T> items) => _ring.Write<YieldingWait>(items, Timeout.InfiniteTimeSpan);

    /// <summary>Publishes all items, in order, and waits for readers that cannot be passed.</summary>
    /// <param name="items">The items; more than the capacity are stored in parts.</param>
    /// <param name="timeout">The longest wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>How many were stored, from the first on. <see cref="BroadcastRing{T}.Slowest"/> says who was in the way.</returns>
    /// <typeparam name="TWait">How it waits.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative or 2^31 milliseconds and more.</exception>
    /// <exception cref="InvalidOperationException">
    /// The ring is completed, or the wait would sleep and the ring has nobody wake it.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Write<TWait>(ReadOnlySpan<T> items, TimeSpan timeout)
        where TWait : struct, IWaitStrategy => _ring.Write<TWait>(items, timeout);

    /// <summary>Claims free slots, to be filled in place; nothing is published before <see cref="RingClaim{T}.Commit(int)"/>.</summary>
    /// <param name="maximum">The most to claim, 0 or more. Laggards are dealt with as for a write of so many.</param>
    /// <returns>As many as there is room for, perhaps none. Write nothing before it is committed: the commit would throw.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative.</exception>
    /// <exception cref="InvalidOperationException">The ring is completed, or has several writers.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public RingClaim<T> Claim(int maximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return _ring.Claim(maximum);
    }

    /// <summary>Ends the stream: readers take what was published and then learn that no more comes. May be repeated.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Complete() => _ring.Complete();
}
