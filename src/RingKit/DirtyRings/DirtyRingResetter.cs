using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;

namespace RingKit.DirtyRings;

/// <summary>The recycling end of a slot-published dirty ring: has harvested pages protected again and gives their entries back.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with one <see cref="DirtyRingProducer"/> and one <see cref="DirtyRingHarvester"/>.
/// Read the pages after the reset, not between harvest and reset.
/// </remarks>
public readonly struct DirtyRingResetter
{
    private readonly DirtyRingCore<HardwareOrdering> _ring;

    internal DirtyRingResetter(DirtyRingCore<HardwareOrdering> ring) => _ring = ring;

    /// <summary>Resets that stopped at an entry which claimed to be harvested but had never been published; 0 where the producer is elsewhere.</summary>
    public ulong ForgedResets => _ring.Read(ref _ring.Control.ForgedResets);

    /// <summary>Pages that resets refused since the ring was made, since they lie in no slot.</summary>
    public ulong RefusedPages => _ring.Read(ref _ring.Control.RefusedPages);

    /// <summary>Coalesces harvested entries, in ring order, and has each batch of pages protected again.</summary>
    /// <param name="target">The memory slots; asked for a slot's size before each batch.</param>
    /// <param name="maximum">The most entries to recycle, 0 or more. One call never recycles more than the ring's capacity.</param>
    /// <param name="policy">What becomes of a batch that leaves its slot.</param>
    /// <returns>What was done; 0 entries if none is waiting. Entries beyond the maximum wait for the next call.</returns>
    /// <typeparam name="TTarget">The target's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative, or there is no such policy.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public ResetResult Reset<TTarget>(
        ref TTarget target, int maximum = int.MaxValue, OutOfRangePolicy policy = OutOfRangePolicy.RefusePages)
        where TTarget : struct, IResetTarget, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return policy switch
        {
            OutOfRangePolicy.RefusePages => _ring.Reset<TTarget, RefusePages<TTarget>>(ref target, maximum),
            OutOfRangePolicy.RefuseBatch => _ring.Reset<TTarget, RefuseBatch<TTarget>>(ref target, maximum),
            _ => throw new ArgumentOutOfRangeException(nameof(policy), policy, "The policy must be RefusePages or RefuseBatch."),
        };
    }
}
