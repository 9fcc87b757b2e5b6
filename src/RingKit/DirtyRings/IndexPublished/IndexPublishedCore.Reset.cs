using RingKit.DirtyRings.Resetting;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>What the resetter does.</summary>
internal sealed unsafe partial class IndexPublishedCore<TOrdering, TIndexing>
{
    /// <summary>
    /// Resetter only: coalesces harvested entries, applies each batch, and only then gives its entries back to the producer.
    /// </summary>
    public ResetResult Reset<TTarget, TPolicy>(ref TTarget target, int maximum, CancellationToken cancellation = default)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        ThrowIfDisposed();
        uint limit = Math.Min((uint)maximum, CountHarvested());
        var progress = default(ResetProgress);
        uint start = TOrdering.LoadRelaxed(ref _control->ResetIndex);                 // ours: nobody else writes it
        for (uint seen = 0; seen < limit; seen++)
        {
            ref DirtyGfn entry = ref EntryAt(TIndexing.Advance(start, seen, Capacity));
            uint slot = TOrdering.ReadPlain(ref entry.Slot);
            ulong offset = TOrdering.ReadPlain(ref entry.Offset);
            if (!progress.Coalescer.TryAdd(slot, offset))
            {
                if (!progress.Coalescer.IsEmpty)
                    Apply<TTarget, TPolicy>(ref target, ref progress, start, seen);
                if (cancellation.IsCancellationRequested)
                    return progress.Interrupted;
                progress.Coalescer.Restart(slot, offset);
            }
        }

        if (!progress.Coalescer.IsEmpty)
            Apply<TTarget, TPolicy>(ref target, ref progress, start, limit);
        return progress.Result;
    }

    private void Apply<TTarget, TPolicy>(ref TTarget target, ref ResetProgress progress, uint start, uint seen)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        _control->RefusedPages += progress.Apply<TTarget, TPolicy>(ref target, seen);
        TOrdering.StoreRelease(ref _control->ResetIndex, TIndexing.Advance(start, seen, Capacity));      // E23: our reads are done
        GC.KeepAlive(this);
    }

    // fetch_index is read once. Whoever maps it may have left any value there: one that leads backward, or beyond what was published, is counted
    // and not followed. DirtyIndex comes with E21 and E22, so the value that a harvester stored never looks forged.
    private uint CountHarvested()
    {
        uint fetch = TOrdering.LoadAcquire(ref *_fetch);                              // E22: the harvester has read the entries
        uint reset = TOrdering.LoadRelaxed(ref _control->ResetIndex);
        if (TIndexing.IsIndex(fetch, Capacity))
        {
            uint harvested = TIndexing.Distance(reset, fetch, Capacity);
            if (harvested <= TIndexing.Distance(reset, _control->KnownDirtyIndex, Capacity))
                return harvested;

            _control->KnownDirtyIndex = TOrdering.LoadRelaxed(ref _control->DirtyIndex);
            if (harvested <= TIndexing.Distance(reset, _control->KnownDirtyIndex, Capacity))
                return harvested;
        }

        _control->ForgedFetches++;
        return 0;
    }
}
