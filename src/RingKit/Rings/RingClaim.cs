using RingKit.Rings.Cores;

namespace RingKit.Rings;

/// <summary>Free slots of a ring, filled where they lie and published together.</summary>
/// <remarks>
/// Thread role: the producer's thread. Nothing is published before <see cref="Commit(int)"/>. <see cref="Dispose"/> aborts a claim that was
/// not committed, so <c>using</c> keeps an exception from leaving it open: an open claim in an <see cref="MpscRing{T}"/> keeps the consumer
/// waiting.
/// </remarks>
/// <typeparam name="T">The type of the items.</typeparam>
public ref struct RingClaim<T> : IDisposable
    where T : unmanaged
{
    private readonly RingEnds<T>? _ring;
    private readonly ulong _start;
    private bool _ended;

    internal RingClaim(RingEnds<T> ring, ulong start, int count)
    {
        _ring = ring;
        _start = start;
        _ended = count == 0;
        ring.Locate(start, count, out Span<T> first, out Span<T> second);
        First = first;
        Second = second;
    }

    /// <summary>The slots up to the end of the ring's memory. They hold whatever was left there.</summary>
    public Span<T> First { get; }

    /// <summary>The slots after the wrap to its start; often empty.</summary>
    public Span<T> Second { get; }

    /// <summary>How many slots both hold; 0 if there was no room.</summary>
    public readonly int Count => First.Length + Second.Length;

    /// <summary>Publishes the first slots, in ring order, and gives the others back. The spans must not be used any more.</summary>
    /// <param name="count">How many of <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or more than was claimed.</exception>
    /// <exception cref="InvalidOperationException">The claim was committed or aborted before, or something was pushed since.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Commit(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        if (Count == 0)
            return;
        if (_ended)
            throw new InvalidOperationException("The claim was committed or aborted before.");
        _ring!.Commit(_start, Count, count);
        _ended = true;
    }

    /// <summary>Publishes all slots.</summary>
    /// <inheritdoc cref="Commit(int)"/>
    public void Commit() => Commit(Count);

    /// <summary>Gives all slots back, unless the claim was committed.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Abort()
    {
        if (!_ended)
            Commit(0);
    }

    /// <summary>Aborts the claim, unless it was committed or the ring is disposed.</summary>
    public void Dispose()
    {
        if (_ring is { IsDisposed: false })
            Abort();
    }
}
