using RingKit.Rings.Cores;

namespace RingKit.Rings;

/// <summary>Published items of a ring, read where they lie.</summary>
/// <remarks>
/// Thread role: the consumer's, or reader's, thread. The items stay in the ring, and are not overwritten, until <see cref="Release(int)"/>;
/// without it the next peek or pop meets them again. Where the ring drops the oldest items, release even a loan that nothing is taken from:
/// until then the producer cannot pass it.
/// </remarks>
/// <typeparam name="T">The type of the items.</typeparam>
public readonly ref struct RingLoan<T>
    where T : unmanaged
{
    private readonly RingEnds<T> _ring;
    private readonly ulong _start;
    private readonly int _cursor;

    internal RingLoan(RingEnds<T> ring, ulong start, int count, int cursor = 0, ulong gap = 0)
    {
        _ring = ring;
        _start = start;
        _cursor = cursor;
        Gap = gap;
        ring.Locate(start, count, out Span<T> first, out Span<T> second);
        First = first;
        Second = second;
    }

    /// <summary>The items up to the end of the ring's memory.</summary>
    public ReadOnlySpan<T> First { get; }

    /// <summary>The items after the wrap to its start; often empty.</summary>
    public ReadOnlySpan<T> Second { get; }

    /// <summary>How many items both hold.</summary>
    public int Count => First.Length + Second.Length;

    /// <summary>How many items were overwritten, unread, just before the first one.</summary>
    public ulong Gap { get; }

    /// <summary>Takes the first items out of the ring and ends the loan. The spans must not be read any more.</summary>
    /// <param name="count">How many of <see cref="Count"/>, in ring order.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or more than was lent.</exception>
    /// <exception cref="InvalidOperationException">Items were popped, or released, since the loan.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Release(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);

        // Nothing was lent, so the ring has forgotten it: its index may be somebody else's by now.
        if (Count != 0)
            _ring.Release(_start, count, _cursor);
    }

    /// <summary>Takes all lent items out of the ring and ends the loan.</summary>
    /// <inheritdoc cref="Release(int)"/>
    public void Release() => Release(Count);
}
