using System.Runtime.CompilerServices;
using RingKit.Ordering;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;

namespace RingKit.Rings;

/// <summary>The producing end of an <see cref="SpscRing{T}"/>.</summary>
/// <remarks>Thread role: one thread at a time, concurrently with one <see cref="SpscConsumer{T}"/>.</remarks>
/// <typeparam name="T">The type of the items.</typeparam>
public readonly struct SpscProducer<T>
    where T : unmanaged
{
    private readonly SpscCore<T, HardwareOrdering> _ring;

    internal SpscProducer(SpscCore<T, HardwareOrdering> ring) => _ring = ring;

    /// <summary>
    /// Items that can be pushed before the ring is full. Only a push makes it smaller; the consumer may make it larger at any time.
    /// </summary>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Room => (int)_ring.FreeSlots(_ring.Capacity);

    /// <summary>Publishes one item, if there is room for it; never waits and never overwrites.</summary>
    /// <returns>False if nothing was stored.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPush(T item) => _ring.TryPush(item);

    /// <summary>Publishes the first items, as many as there is room for, all at once.</summary>
    /// <returns>How many were stored.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int TryPush(ReadOnlySpan<T> items) => _ring.TryPush(items);

    /// <summary>Publishes one item as the ring's <see cref="FullPolicy"/> says; to block, it spins and then yields.</summary>
    /// <returns>False if it was rejected.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Push(T item) =>
        _ring.TryPush(item) || _ring.Push<YieldingWait>(new ReadOnlySpan<T>(in item), Timeout.InfiniteTimeSpan) != 0;

    /// <summary>Publishes all items, in order, as the ring's <see cref="FullPolicy"/> says; to block, it spins and then yields.</summary>
    /// <returns>How many were stored: all, unless the policy is to reject.</returns>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Push(ReadOnlySpan<T> items) => _ring.Push<YieldingWait>(items, Timeout.InfiniteTimeSpan);

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
        where TWait : struct, IWaitStrategy => _ring.Push<TWait>(items, timeout);

    /// <summary>Claims free slots, to be filled in place; nothing is published before <see cref="RingClaim{T}.Commit(int)"/>.</summary>
    /// <param name="maximum">The most to claim, 0 or more.</param>
    /// <returns>As many as there is room for, perhaps none. Push nothing before it is committed: the commit would throw.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative.</exception>
    /// <exception cref="InvalidOperationException">The ring is completed.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public RingClaim<T> Claim(int maximum = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return _ring.Claim(maximum);
    }

    /// <summary>Waits until there is room.</summary>
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

    /// <summary>Ends the stream: the consumer takes what was published and then learns that no more comes. May be repeated.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Complete() => _ring.Complete();
}
