using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>
/// Which guest frames lose what is behind them just now, so that faults which began before, or begin meanwhile, are taken again. Linux:
/// <c>mmu_invalidate_seq</c>, <c>_in_progress</c>, <c>_range_start</c> and <c>_range_end</c>, in the form that knows guest frames.
/// </summary>
/// <remarks>Thread role: the sequence is read by any thread; all else under the machine's lock, alone to begin and end.</remarks>
internal sealed class MmuInvalidations<TOrdering>
    where TOrdering : struct, IOrdering
{
    // Never disposed: the memory goes when nothing holds the view any more.
    private readonly NativeView<ulong> _sequence = new NativeBlock<ulong>(1).View;

    /// <summary>How many ranges are being invalidated.</summary>
    public int InProgress { get; private set; }

    /// <summary>The first frame of those ranges.</summary>
    public ulong First { get; private set; }

    /// <summary>The frame behind the last.</summary>
    public ulong End { get; private set; }

    /// <summary>How many invalidations have ended. A fault reads it first of all, without the lock: an old value costs it another try.</summary>
    public ulong Sequence => TOrdering.LoadRelaxed(ref _sequence[0]);

    /// <summary>A range begins; it widens what others under way have.</summary>
    public void Begin(ulong first, ulong end)
    {
        First = InProgress == 0 ? first : Math.Min(First, first);
        End = InProgress == 0 ? end : Math.Max(End, end);
        InProgress++;
    }

    /// <summary>A range is done.</summary>
    public void Finish()
    {
        TOrdering.StoreRelaxed(ref _sequence[0], TOrdering.LoadRelaxed(ref _sequence[0]) + 1);
        InProgress--;
    }

    /// <summary>Whether a fault must be taken again.</summary>
    /// <param name="sequence">What it read at its start.</param>
    /// <param name="gfn">Its frame.</param>
    public bool MustRetry(ulong sequence, ulong gfn) =>
        (InProgress > 0 && gfn >= First && gfn < End) || TOrdering.LoadRelaxed(ref _sequence[0]) != sequence;
}
