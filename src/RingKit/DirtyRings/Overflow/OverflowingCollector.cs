using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Overflow;

/// <summary>The collecting end of an <see cref="OverflowingDirtyRing"/>: harvests and resets the ring, then recovers from an overflow.</summary>
/// <remarks>Thread role: one thread at a time, concurrently with one <see cref="OverflowingProducer"/>. Read the pages after the collection.</remarks>
public readonly struct OverflowingCollector
{
    private readonly OverflowingCore<HardwareOrdering> _ring;

    internal OverflowingCollector(OverflowingCore<HardwareOrdering> ring) => _ring = ring;

    /// <summary>Has every page that was pushed before protected again, and leaves the ring to the producer.</summary>
    /// <param name="target">The memory slots. If it throws, what it was not told is still dirty, and the next collection meets it.</param>
    /// <param name="policy">What becomes of a batch that leaves its slot.</param>
    /// <typeparam name="TTarget">The target's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">There is no such policy.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public CollectResult Collect<TTarget>(ref TTarget target, OutOfRangePolicy policy = OutOfRangePolicy.RefusePages)
        where TTarget : struct, IResetTarget, allows ref struct => policy switch
        {
            OutOfRangePolicy.RefusePages => _ring.Collect<TTarget, RefusePages<TTarget>>(ref target),
            OutOfRangePolicy.RefuseBatch => _ring.Collect<TTarget, RefuseBatch<TTarget>>(ref target),
            _ => throw OutOfRangePolicies.Unknown(policy, nameof(policy)),
        };
}
