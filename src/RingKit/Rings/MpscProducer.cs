using System.Runtime.CompilerServices;
using RingKit.Ordering;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;

namespace RingKit.Rings;

/// <summary>A producing end of an <see cref="MpscRing{T}"/>.</summary>
/// <remarks>Thread role: any number of threads, concurrently with one <see cref="MpscConsumer{T}"/>. It works best
/// if each thread asks the ring for one of its own and keeps it: then producers take turns instead of contending for each claim.</remarks>
/// <typeparam name="T">The type of the items.</typeparam>
public readonly struct MpscProducer<T>
    where T : unmanaged
{
    private readonly MpscCore<T, HardwareOrdering> _ring;

    private readonly int _number;

    internal MpscProducer(MpscCore<T, HardwareOrdering> ring)
    {
        _ring = ring;
        _number = ring.NextProducer();
    }

    /// <summary>Items that can be pushed before the ring is full. Other producers, and the consumer, may change it at any time.</summary>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Room => (int)_ring.FreeSlots(_ring.Capacity, out _);

    /// <summary>Publishes one item, if there is room for it; never waits and never overwrites.</summary>
    /// <returns>False if nothing was stored.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPush(T item) => _ring.TryPush(_number, item);

    /// <summary>Publishes the first items, as many as there is room for, with nobody else's in between.</summary>
    /// <returns>How many were stored.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int TryPush(ReadOnlySpan<T> items) => _ring.TryPush(_number, items);

    /// <summary>Publishes one item as the ring's <see cref="FullPolicy"/> says; to block, it spins and then yields.</summary>
    /// <returns>False if it was rejected.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Push(T item) =>
        _ring.TryPush(_number, item) || _ring.Push<YieldingWait>(_number, new ReadOnlySpan<T>(in item), Timeout.InfiniteTimeSpan) != 0;

    /// <summary>
    /// Publishes all items, in order, perhaps with others' in between, as the ring's <see cref="FullPolicy"/> says; to block, it spins and
    /// then yields.
    /// </summary>
    /// <returns>How many were stored: all, unless the policy is to reject.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Push(ReadOnlySpan<T> items) => _ring.Push<YieldingWait>(_number, items, Timeout.InfiniteTimeSpan);

    /// <summary>Publishes all items, in order, as the ring's <see cref="FullPolicy"/> says.</summary>
    /// <param name="items">The items; more than the capacity are stored in parts.</param>
    /// <param name="timeout">The longest that it blocks; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>How many were stored, from the first on.</returns>
    /// <typeparam name="TWait">How it waits.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative or 2^31 milliseconds and more.</exception>
    /// <exception cref="InvalidOperationException">
    /// The ring is completed, or the wait would sleep and the ring has nobody wake it.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Push<TWait>(ReadOnlySpan<T> items, TimeSpan timeout)
        where TWait : struct, IWaitStrategy => _ring.Push<TWait>(_number, items, timeout);

    /// <summary>Claims free slots, to be filled in place; nothing is published before <see cref="RingClaim{T}.Commit(int)"/>.</summary>
    /// <param name="maximum">The most to claim, 0 or more.</param>
    /// <returns>
    /// As many as there is room for, perhaps none. What is pushed later waits behind it: commit or abort it soon. Slots that are given back
    /// are passed over by the consumer.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative.</exception>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public RingClaim<T> Claim(int maximum = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return _ring.Claim(_number, maximum);
    }

    /// <summary>Waits until there is room. Another producer may take it first.</summary>
    /// <param name="count">For how many items, from 1 to the capacity.</param>
    /// <param name="timeout">The longest wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <typeparam name="TWait">How it waits.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The count or the time is out of range.</exception>
    /// <exception cref="InvalidOperationException">
    /// The ring is completed, or the wait would sleep and the ring has nobody wake it.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public WaitOutcome WaitForRoom<TWait>(int count, TimeSpan timeout)
        where TWait : struct, IWaitStrategy
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)count, _ring.Capacity, nameof(count));
        return _ring.WaitForRoom<TWait>(count, timeout);
    }

    /// <summary>
    /// Ends the stream for all producers: the consumer takes what was claimed before, and then learns that no more comes. May be repeated.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Complete() => _ring.Complete();
}
