using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Resizing;

/// <summary>The recycling end of a <see cref="ResizableDirtyRing"/>: the old ring first, then the new one.</summary>
/// <remarks>Thread role: one thread at a time.</remarks>
public readonly struct ResizableResetter : IDirtyRingResetter
{
    private readonly ResizableCore<HardwareOrdering> _ring;

    internal ResizableResetter(ResizableCore<HardwareOrdering> ring) => _ring = ring;

    /// <inheritdoc/>
    public ulong RefusedPages => _ring.RefusedPages;

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
