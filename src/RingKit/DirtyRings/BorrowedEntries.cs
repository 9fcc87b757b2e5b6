namespace RingKit.DirtyRings;

/// <summary>Published entries of a dirty ring, read where they lie.</summary>
/// <remarks>
/// Thread role: the harvester's thread. The entries do not change while they are borrowed, unless a party that maps the ring breaks the
/// protocol: read each field once. Without <see cref="Release"/> nothing is taken, and the next harvest meets the same entries. Keep the ring
/// referenced while the spans are read.
/// </remarks>
public readonly ref struct BorrowedEntries
{
    private readonly ILender _ring;
    private readonly uint _fetchIndex;

    internal BorrowedEntries(ILender ring, int count)
    {
        _ring = ring;
        _fetchIndex = ring.FetchIndex;
        ring.Locate(count, out ReadOnlySpan<DirtyGfn> first, out ReadOnlySpan<DirtyGfn> second);
        First = first;
        Second = second;
    }

    /// <summary>The entries up to the end of the ring's memory.</summary>
    public ReadOnlySpan<DirtyGfn> First { get; }

    /// <summary>The entries after the wrap to its start; often empty.</summary>
    public ReadOnlySpan<DirtyGfn> Second { get; }

    /// <summary>How many entries both hold.</summary>
    public int Count => First.Length + Second.Length;

    /// <summary>Releases the first entries to the resetter and ends the loan. The spans must not be read any more.</summary>
    /// <param name="count">How many of <see cref="Count"/>, in ring order.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or more than was borrowed.</exception>
    /// <exception cref="InvalidOperationException">Entries were harvested, or released, since the loan.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Release(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        if (_ring.FetchIndex != _fetchIndex)
            throw new InvalidOperationException("The entries of this loan were already released or harvested.");
        _ring.ReleaseHarvested(count);
    }
}
