namespace RingKit.DirtyRings.Resetting;

/// <summary>The recycling end of any dirty ring, for code that takes one as a type parameter.</summary>
public interface IDirtyRingResetter
{
    /// <summary>Pages that resets refused since the ring was made, since they lie in no slot.</summary>
    ulong RefusedPages { get; }

    /// <summary>Coalesces harvested entries, in ring order, and has each batch of pages protected again.</summary>
    /// <param name="target">The memory slots; asked for a slot's size before each batch. If it throws, the batch stays harvested.</param>
    /// <param name="maximum">The most entries to recycle, 0 or more. One call never recycles more than the ring's capacity.</param>
    /// <param name="policy">What becomes of a batch that leaves its slot.</param>
    /// <param name="cancellation">Looked at before each batch. Once it is raised, the entries that are left wait for the next call.</param>
    /// <returns>What was done; 0 entries if none is waiting.</returns>
    /// <typeparam name="TTarget">The target's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative, or there is no such policy.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    ResetResult Reset<TTarget>(
        ref TTarget target,
        int maximum = int.MaxValue,
        OutOfRangePolicy policy = OutOfRangePolicy.RefusePages,
        CancellationToken cancellation = default)
        where TTarget : struct, IResetTarget, allows ref struct;

    /// <summary>The same, and tells which pages it refused.</summary>
    /// <param name="target">As above.</param>
    /// <param name="refused">
    /// Takes each page that was refused, once a batch, in the order of the mask. If it throws, the batch stays harvested, and the next reset
    /// applies and reports it again.
    /// </param>
    /// <param name="maximum">As above.</param>
    /// <param name="policy">As above.</param>
    /// <param name="cancellation">As above.</param>
    /// <typeparam name="TTarget">The target's type.</typeparam>
    /// <typeparam name="TRefused">The sink's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative, or there is no such policy.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    ResetResult Reset<TTarget, TRefused>(
        ref TTarget target,
        ref TRefused refused,
        int maximum = int.MaxValue,
        OutOfRangePolicy policy = OutOfRangePolicy.RefusePages,
        CancellationToken cancellation = default)
        where TTarget : struct, IResetTarget
        where TRefused : struct, IDirtyEntrySink;
}
