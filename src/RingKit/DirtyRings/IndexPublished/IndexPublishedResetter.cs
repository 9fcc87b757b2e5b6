using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>The recycling end of an index-published dirty ring: has harvested pages protected again and gives their entries back.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with the producer and the harvester. Read the pages after the reset, not between
/// harvest and reset.
/// </remarks>
/// <typeparam name="TIndexing">How the ring counts.</typeparam>
public readonly struct IndexPublishedResetter<TIndexing> : IDirtyRingResetter, IPolicyResetter
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
