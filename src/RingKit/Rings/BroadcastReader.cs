using System.Runtime.CompilerServices;
using RingKit.Ordering;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;

namespace RingKit.Rings;

/// <summary>One reader of a <see cref="BroadcastRing{T}"/>: sees every item from its join on, or the length of the gap.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with the writer and the other readers; <see cref="Dispose"/> leaves the ring, by the
/// same thread.
/// A reader that is not disposed keeps its place, and lags.
/// </remarks>
/// <typeparam name="T">The type of the items.</typeparam>
public sealed class BroadcastReader<T> : IDisposable
    where T : unmanaged
{
    private readonly BroadcastCore<T, HardwareOrdering> _ring;
    private bool _left;

    internal BroadcastReader(BroadcastCore<T, HardwareOrdering> ring, int id)
    {
        _ring = ring;
        Id = id;
    }

    /// <summary>
    /// The reader's number in its ring, below the greatest number of readers. It is given out anew after <see cref="Dispose"/>.
    /// </summary>
    public int Id { get; }

    /// <summary>Items that can be read now; the writer may make it more at any time, or, if it drops, less.</summary>
    /// <exception cref="ObjectDisposedException">The reader has left, or the ring is disposed.</exception>
    public int Available => (int)Ring.Available(Id, Ring.Capacity, out _);

    /// <summary>Whether the writer has completed the ring and everything was read: no more comes.</summary>
    /// <exception cref="ObjectDisposedException">The reader has left, or the ring is disposed.</exception>
    public bool IsCompleted => Ring.Available(Id, Ring.Capacity, out bool isCompleted) == 0 && isCompleted;

    /// <summary>Whether the reader was thrown out since it lagged: it reads nothing any more. Dispose it, and join anew.</summary>
    /// <exception cref="ObjectDisposedException">The reader has left, or the ring is disposed.</exception>
    public bool IsDetached => Ring.IsDetached(Id);

    private BroadcastCore<T, HardwareOrdering> Ring
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (_left)
                ThrowLeft();
            return _ring;
        }
    }

    /// <summary>Reads one item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="gap">How many items were overwritten, unread, just before it; also if there is none to read yet.</param>
    /// <returns>False if there is none.</returns>
    /// <exception cref="ObjectDisposedException">The reader has left, or the ring is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(out T item, out ulong gap) => Ring.TryRead(Id, out item, out gap);

    /// <summary>Reads items, in order and without a gap between them.</summary>
    /// <param name="destination">Filled from its start; its length is the most that is read.</param>
    /// <param name="gap">How many items were overwritten, unread, just before the first one; also if there is none to read yet.</param>
    /// <returns>How many were read; 0 if there is none.</returns>
    /// <exception cref="ObjectDisposedException">The reader has left, or the ring is disposed.</exception>
    public int Read(Span<T> destination, out ulong gap) => Ring.Read(Id, destination, out gap);

    /// <summary>Lends items where they lie; they are not overwritten until <see cref="RingLoan{T}.Release(int)"/>.</summary>
    /// <param name="maximum">The most to lend, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative.</exception>
    /// <exception cref="ObjectDisposedException">The reader has left, or the ring is disposed.</exception>
    public RingLoan<T> Peek(int maximum = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return Ring.Peek(Id, maximum);
    }

    /// <summary>Waits until there is an item, or none can come any more.</summary>
    /// <param name="timeout">The longest wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <typeparam name="TWait">How it waits.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative or 2^31 milliseconds and more.</exception>
    /// <exception cref="InvalidOperationException">The wait would sleep and the ring has nobody wake it.</exception>
    /// <exception cref="ObjectDisposedException">The reader has left, or the ring is disposed.</exception>
    public WaitOutcome WaitForItems<TWait>(TimeSpan timeout)
        where TWait : struct, IWaitStrategy => Ring.WaitForItems<TWait>(Id, timeout);

    /// <summary>Leaves the ring: the writer waits for this reader no more.</summary>
    public void Dispose()
    {
        if (_left)
            return;

        _left = true;
        _ring.Leave(Id);
    }

    private static void ThrowLeft() => throw new ObjectDisposedException(nameof(BroadcastReader<>), "The reader has left the ring.");
}
