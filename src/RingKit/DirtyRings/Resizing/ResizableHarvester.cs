using RingKit.Ordering;

namespace RingKit.DirtyRings.Resizing;

/// <summary>The harvesting end of a <see cref="ResizableDirtyRing"/>: the old ring first, then the new one.</summary>
/// <remarks>Thread role: one thread at a time.</remarks>
public readonly struct ResizableHarvester
{
    private readonly ResizableCore<HardwareOrdering> _ring;

    internal ResizableHarvester(ResizableCore<HardwareOrdering> ring) => _ring = ring;

    /// <summary>Copies published entries out, in the order of their pushes, and releases them to the resetter.</summary>
    /// <param name="destination">Filled from its start; its length is the most that is taken.</param>
    /// <returns>How many entries were taken; 0 if none is published.</returns>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Harvest(Span<DirtyGfn> destination)
    {
        var sink = new CopyingSink(destination);
        return _ring.Harvest(ref sink, destination.Length);
    }

    /// <summary>Hands published entries to a sink, in the order of their pushes, and releases each to the resetter when the sink has taken it.</summary>
    /// <param name="sink">Takes the entries.</param>
    /// <param name="maximum">The most that is taken, 0 or more.</param>
    /// <returns>How many entries were taken; 0 if none is published.</returns>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Harvest<TSink>(ref TSink sink, int maximum = int.MaxValue)
        where TSink : struct, IDirtyEntrySink, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return _ring.Harvest(ref sink, maximum);
    }
}
