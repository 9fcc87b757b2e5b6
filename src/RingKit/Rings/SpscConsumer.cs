using System.Runtime.CompilerServices;
using RingKit.Ordering;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;

namespace RingKit.Rings;

/// <summary>The consuming end of an <see cref="SpscRing{T}"/>: takes the items in the order in which they were pushed.</summary>
/// <remarks>Thread role: one thread at a time, concurrently with one <see cref="SpscProducer{T}"/>.</remarks>
/// <typeparam name="T">The type of the items.</typeparam>
public readonly struct SpscConsumer<T>
    where T : unmanaged
{
    private readonly SpscCore<T, HardwareOrdering> _ring;

    internal SpscConsumer(SpscCore<T, HardwareOrdering> ring) => _ring = ring;

    /// <summary>Items that can be taken now; the producer may make it more at any time.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Available => (int)_ring.Available(_ring.Capacity, out _);

    /// <summary>Whether the producer has completed the ring and everything was taken: no more comes.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public bool IsCompleted => _ring.Available(_ring.Capacity, out bool isCompleted) == 0 && isCompleted;

    /// <summary>Takes one item.</summary>
    /// <returns>False if there is none.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPop(out T item) => _ring.TryPop(out item);

    /// <summary>Takes items, in order.</summary>
    /// <param name="destination">Filled from its start; its length is the most that is taken.</param>
    /// <returns>How many were taken; 0 if there is none.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int TryPop(Span<T> destination) => _ring.TryPop(destination);

    /// <summary>Takes one item, and waits for it if need be: spins, then yields.</summary>
    /// <returns>False if the ring is completed and everything was taken.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Pop(out T item)
    {
        while (!_ring.TryPop(out item))
        {
            if (_ring.WaitForItems<YieldingWait>(Timeout.InfiniteTimeSpan) == WaitOutcome.Completed)
                return false;
        }

        return true;
    }

    /// <summary>Lends items where they lie; they stay in the ring until <see cref="RingLoan{T}.Release(int)"/>.</summary>
    /// <param name="maximum">The most to lend, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public RingLoan<T> Peek(int maximum = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return _ring.Peek(maximum);
    }

    /// <summary>Waits until there is an item, or none can come any more.</summary>
    /// <param name="timeout">The longest wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <typeparam name="TWait">How it waits.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative or 2^31 milliseconds and more.</exception>
    /// <exception cref="InvalidOperationException">The wait would sleep and the ring has nobody wake it.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public WaitOutcome WaitForItems<TWait>(TimeSpan timeout)
        where TWait : struct, IWaitStrategy => _ring.WaitForItems<TWait>(timeout);
}
