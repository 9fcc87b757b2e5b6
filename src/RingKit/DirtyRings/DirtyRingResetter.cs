using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;

namespace RingKit.DirtyRings;

/// <summary>The recycling end of a slot-published dirty ring: has harvested pages protected again and gives their entries back.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with one <see cref="DirtyRingProducer"/> and one <see cref="DirtyRingHarvester"/>.
/// Read the pages after the reset, not between harvest and reset.
/// </remarks>
public readonly struct DirtyRingResetter : IDirtyRingResetter, IPolicyResetter
{
    private readonly DirtyRingCore<HardwareOrdering> _ring;

    internal DirtyRingResetter(DirtyRingCore<HardwareOrdering> ring) => _ring = ring;

    /// <summary>Resets that stopped at an entry which claimed to be harvested but had never been published; 0 where the producer is elsewhere.</summary>
    public ulong ForgedResets => _ring.Read(ref _ring.Control.ForgedResets);

    /// <inheritdoc/>
    public ulong RefusedPages => _ring.Read(ref _ring.Control.RefusedPages);

    /// <inheritdoc/>
    public ResetResult Reset<TTarget>(
        ref TTarget target,
        int maximum = int.MaxValue,
        OutOfRangePolicy policy = OutOfRangePolicy.RefusePages,
        CancellationToken cancellation = default)
        where TTarget : struct, IResetTarget, allows ref struct =>
        OutOfRangePolicies.Reset(this, ref target, maximum, policy, cancellation);

    /// <inheritdoc/>
    public ResetResult Reset<TTarget, TRefused>(
        ref TTarget target,
        ref TRefused refused,
        int maximum = int.MaxValue,
        OutOfRangePolicy policy = OutOfRangePolicy.RefusePages,
        CancellationToken cancellation = default)
        where TTarget : struct, IResetTarget
        where TRefused : struct, IDirtyEntrySink =>
        OutOfRangePolicies.Reset(this, ref target, ref refused, maximum, policy, cancellation);

    ResetResult IPolicyResetter.Reset<TTarget, TPolicy>(ref TTarget target, int maximum, CancellationToken cancellation) =>
        _ring.Reset<TTarget, TPolicy>(ref target, maximum, cancellation);
}
