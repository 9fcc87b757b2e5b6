using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.DirtyRings.Resetting;

namespace RingKit.DirtyRings;

/// <summary>What the resetter does.</summary>
internal sealed unsafe partial class DirtyRingCore<TOrdering>
{
    /// <summary>Whether entries wait for a reset: of a ring whose harvester and resetter are one thread, and that nobody else maps.</summary>
    public bool MayReset
    {
        get
        {
            bool waits = _control->FetchIndex != TOrdering.LoadRelaxed(ref _control->ResetIndex);
            GC.KeepAlive(this);
            return waits;
        }
    }

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
        uint start = TOrdering.LoadRelaxed(ref _control->ResetIndex);                  // ours: nobody else writes it
        uint end = start + Math.Min((uint)maximum, _capacity);
        uint next = start;
        int batches = 0;
        uint refused = 0;
        bool interrupted = false;
        while (next != end)
        {
            uint batchEnd = Gather(next, end, out ResetBatch batch);
            if (batchEnd == next)
                break;

            // Harvested entries are waiting; they stay so for the next reset.
            interrupted = cancellation.IsCancellationRequested;
            if (interrupted)
                break;

            refused += Apply<TTarget, TPolicy>(ref target, batch, batchEnd);
            batches++;
            next = batchEnd;
        }

        ThrowIfDisposed();
        GC.KeepAlive(this);
        return new ResetResult((int)(next - start), batches, (int)refused) { IsInterrupted = interrupted };
    }

    // Joins entries until one does not fit, and says which one: it opens the next batch, and is read anew for that. This loop calls
    // nothing, so that the batch grows in registers.
    private uint Gather(uint start, uint end, out ResetBatch batch)
    {
        EntryTable entries = _entries;
        ResetCoalescer coalescer = default;
        uint known = _control->ResetterKnownDirtyIndex;
        uint index = start;
        for (; index != end; index++)
        {
            ref DirtyGfn entry = ref entries[index];
            if ((TOrdering.LoadAcquire(ref entry.Flags) & DirtyGfn.Reset) == 0)       // E2: the harvester has read it
                break;
            if (index == known)
            {
                if (!WasPublished(index))
                {
                    // Counted where it opens a batch and so ends the reset: once.
                    if (index == start)
                        _control->ForgedResets++;
                    break;
                }

                known = _control->ResetterKnownDirtyIndex;
            }

            uint slot = TOrdering.ReadPlain(ref entry.Slot);
            ulong offset = TOrdering.ReadPlain(ref entry.Offset);
            if (!coalescer.TryAdd(slot, offset))
            {
                if (!coalescer.IsEmpty)
                    break;
                coalescer.Restart(slot, offset);
            }
        }

        batch = coalescer.Batch;
        return index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Apply<TTarget, TPolicy>(ref TTarget target, in ResetBatch batch, uint end)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        uint refused = (uint)BitOperations.PopCount(TPolicy.Apply(ref target, batch));
        _control->RefusedPages += refused;

        EntryTable entries = _entries;
        uint index = TOrdering.LoadRelaxed(ref _control->ResetIndex);
        if (ProducerIsElsewhere)
        {
            // Such a producer learns from the flags that an entry is free, one in this process from ResetIndex.
            for (; index != end; index++)
                TOrdering.StoreRelease(ref entries[index].Flags, 0);                  // E20: our reads of the entry are done
        }

        for (; index != end; index++)
            TOrdering.StoreRelaxed(ref entries[index].Flags, 0);
        TOrdering.StoreRelease(ref _control->ResetIndex, end);                        // E3: our reads of the entries are done
        return refused;
    }

    // Flags may be forged by whoever maps the entries: were one recycled that was never published, ResetIndex would pass DirtyIndex, and
    // the ring would look full for ever. The producer stores DirtyIndex before the flags that we have just acquired through E1 and E2, so
    // an entry that really was published is never mistaken for a forged one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool WasPublished(uint index)
    {
        if (ProducerIsElsewhere)
            return true;

        uint dirty = TOrdering.LoadRelaxed(ref _control->DirtyIndex);
        _control->ResetterKnownDirtyIndex = dirty;
        return index != dirty;
    }
}
