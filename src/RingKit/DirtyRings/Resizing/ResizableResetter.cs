using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Resizing;

/// <summary>The recycling end of a <see cref="ResizableDirtyRing"/>: the old ring first, then the new one.</summary>
/// <remarks>Thread role: one thread at a time.</remarks>
public readonly struct ResizableResetter : IDirtyRingResetter, IPolicyResetter
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
