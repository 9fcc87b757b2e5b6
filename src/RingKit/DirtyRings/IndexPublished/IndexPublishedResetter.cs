using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>The recycling end of an index-published dirty ring: has harvested pages protected again and gives their entries back.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with the producer and the harvester. Read the pages after the reset, not between
/// harvest and reset.
/// </remarks>
/// <typeparam name="TIndexing">How the ring counts.</typeparam>
public readonly struct IndexPublishedResetter<TIndexing> : IDirtyRingResetter
    where TIndexing : struct, IIndexing
{
    private readonly IndexPublishedCore<HardwareOrdering, TIndexing> _ring;

    internal IndexPublishedResetter(IndexPublishedCore<HardwareOrdering, TIndexing> ring) => _ring = ring;

    /// <summary>Resets that found a fetch_index which leads backward, or beyond what was published, and did nothing.</summary>
    public ulong ForgedFetches => _ring.Read(ref _ring.Control.ForgedFetches);

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
