using System.Runtime.CompilerServices;
using RingKit.DirtyRings.Resetting;

namespace RingKit.DirtyRings;

/// <summary>What the resetter does.</summary>
internal sealed unsafe partial class DirtyRingCore<TOrdering>
{
    /// <summary>
    /// Resetter only: coalesces harvested entries, applies each batch, and only then gives its entries back to the producer.
    /// </summary>
    /// <remarks>
    /// Linux recycles an entry before it has applied the batch that holds it, so a reset that is interrupted in between leaves pages
    /// unprotected that nobody will report again. Here a cancellation, or an exception out of the target, leaves the batch's entries
    /// harvested: the next reset meets them once more.
    /// </remarks>
    public ResetResult Reset<TTarget, TPolicy>(ref TTarget target, int maximum, CancellationToken cancellation = default)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        uint limit = Math.Min((uint)maximum, _capacity);
        uint start = TOrdering.LoadRelaxed(ref _control->ResetIndex);                  // ours: nobody else writes it
        uint next = start;
        var progress = default(ResetProgress);

        while (next - start < limit)
        {
            ref DirtyGfn entry = ref EntryAt(next);
            if ((TOrdering.LoadAcquire(ref entry.Flags) & DirtyGfn.Reset) == 0)       // E2: the harvester has read it
                break;
            if (next == _control->ResetterKnownDirtyIndex && !WasPublished(next))
                break;

            uint slot = TOrdering.ReadPlain(ref entry.Slot);
            ulong offset = TOrdering.ReadPlain(ref entry.Offset);
            if (!progress.Coalescer.TryAdd(slot, offset))
            {
                if (!progress.Coalescer.IsEmpty)
                    Apply<TTarget, TPolicy>(ref target, ref progress, start, next);
                if (cancellation.IsCancellationRequested)
                    return progress.Interrupted;
                progress.Coalescer.Restart(slot, offset);
            }

            next++;
        }

        if (!progress.Coalescer.IsEmpty)
            Apply<TTarget, TPolicy>(ref target, ref progress, start, next);

        ThrowIfDisposed();
        GC.KeepAlive(this);
        return progress.Result;
    }

    private void Apply<TTarget, TPolicy>(ref TTarget target, ref ResetProgress progress, uint start, uint end)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        _control->RefusedPages += progress.Apply<TTarget, TPolicy>(ref target, end - start);
        for (uint index = TOrdering.LoadRelaxed(ref _control->ResetIndex); index != end; index++)
            Free(ref EntryAt(index));
        TOrdering.StoreRelease(ref _control->ResetIndex, end);                        // E3: our reads of the entries are done
        GC.KeepAlive(this);
    }

    // A producer in this process learns from ResetIndex that an entry is free, one elsewhere only from the flags.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Free(ref DirtyGfn entry)
    {
        if (ProducerIsElsewhere)
            TOrdering.StoreRelease(ref entry.Flags, 0);                               // E20: our reads of the entry are done
        else
            TOrdering.StoreRelaxed(ref entry.Flags, 0);
    }

    // Flags may be forged by whoever maps the entries: were one recycled that was never published, ResetIndex would pass DirtyIndex, and
    // the ring would look full for ever. The producer stores DirtyIndex before the flags that we have just acquired through E1 and E2, so
    // an entry that really was published is never mistaken for a forged one.
    private bool WasPublished(uint index)
    {
        if (ProducerIsElsewhere)
            return true;

        _control->ResetterKnownDirtyIndex = TOrdering.LoadRelaxed(ref _control->DirtyIndex);
        if (index != _control->ResetterKnownDirtyIndex)
            return true;

        _control->ForgedResets++;
        return false;
    }
}
