using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;

namespace RingKit.DirtyRings;

/// <summary>The recycling end of a slot-published dirty ring: has harvested pages protected again and gives their entries back.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with one <see cref="DirtyRingProducer"/> and one <see cref="DirtyRingHarvester"/>.
/// Read the pages after the reset, not between harvest and reset.
/// </remarks>
public readonly struct DirtyRingResetter : IDirtyRingResetter
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
        where TTarget : struct, IResetTarget, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return policy switch
        {
            OutOfRangePolicy.RefusePages => _ring.Reset<TTarget, RefusePages<TTarget>>(ref target, maximum, cancellation),
            OutOfRangePolicy.RefuseBatch => _ring.Reset<TTarget, RefuseBatch<TTarget>>(ref target, maximum, cancellation),
            _ => throw OutOfRangePolicies.Unknown(policy, nameof(policy)),
        };
    }

    /// <inheritdoc/>
    public ResetResult Reset<TTarget, TRefused>(
        ref TTarget target,
        ref TRefused refused,
        int maximum = int.MaxValue,
        OutOfRangePolicy policy = OutOfRangePolicy.RefusePages,
        CancellationToken cancellation = default)
        where TTarget : struct, IResetTarget
        where TRefused : struct, IDirtyEntrySink
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        var both = new ReportingTarget<TTarget, TRefused>(ref target, ref refused);
        return policy switch
        {
            OutOfRangePolicy.RefusePages =>
                _ring.Reset<ReportingTarget<TTarget, TRefused>, ReportRefused<TTarget, TRefused, RefusePages<TTarget>>>(
                    ref both, maximum, cancellation),
            OutOfRangePolicy.RefuseBatch =>
                _ring.Reset<ReportingTarget<TTarget, TRefused>, ReportRefused<TTarget, TRefused, RefuseBatch<TTarget>>>(
                    ref both, maximum, cancellation),
            _ => throw OutOfRangePolicies.Unknown(policy, nameof(policy)),
        };
    }
}
