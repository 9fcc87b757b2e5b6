using System.Runtime.CompilerServices;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>What the harvester does.</summary>
internal sealed unsafe partial class IndexPublishedCore<TOrdering, TIndexing>
{
    uint ILender.FetchIndex => _control->Fetched;

    /// <summary>Harvester only: hands published entries to the sink, in ring order, and releases them to the resetter together.</summary>
    public int Harvest<TSink>(ref TSink sink, int maximum)
        where TSink : struct, IDirtyEntrySink, allows ref struct
    {
        int count = CountPublished(maximum);
        int taken = 0;
        try
        {
            while (taken < count)
            {
                uint fetched = _control->Fetched;
                ref DirtyGfn entry = ref EntryAt(fetched);
                sink.Accept(TOrdering.ReadPlain(ref entry.Slot), TOrdering.ReadPlain(ref entry.Offset));
                _control->Fetched = TIndexing.Advance(fetched, 1, Capacity);
                taken++;
            }
        }
        finally
        {
            // A sink that throws keeps its entry in the ring; those before it are taken.
            PublishFetched();
        }

        return taken;
    }

    /// <summary>Harvester only: how many entries, from the first one not harvested on, are published, up to a maximum.</summary>
    public int CountPublished(int maximum)
    {
        ThrowIfDisposed();
        uint limit = Math.Min((uint)maximum, Capacity);
        uint known = TIndexing.Distance(_control->Fetched, _control->KnownAvailIndex, Capacity);
        if (known < limit)
            known = LookForMore();
        return (int)Math.Min(known, limit);
    }

    /// <summary>Harvester only: releases entries that <see cref="CountPublished"/> counted.</summary>
    public void ReleaseHarvested(int count)
    {
        ThrowIfDisposed();
        _control->Fetched = TIndexing.Advance(_control->Fetched, (uint)count, Capacity);
        PublishFetched();
    }

    /// <summary>Harvester only: the entries in place, as the one or two stretches in which they lie in memory.</summary>
    public void Locate(int count, out ReadOnlySpan<DirtyGfn> first, out ReadOnlySpan<DirtyGfn> second)
    {
        uint start = TIndexing.EntryOf(_control->Fetched, Capacity);
        uint beforeWrap = Math.Min((uint)count, Capacity - start);
        first = new ReadOnlySpan<DirtyGfn>(_entries + start, (int)beforeWrap);
        second = new ReadOnlySpan<DirtyGfn>(_entries, (int)((uint)count - beforeWrap));
        GC.KeepAlive(this);
    }

    private uint LookForMore()
    {
        uint avail = TOrdering.LoadAcquire(ref *_avail);                              // E21: slot and offset are published
        if (!_indicesAreForeign || IsTrue(avail))
            _control->KnownAvailIndex = avail;
        uint known = TIndexing.Distance(_control->Fetched, _control->KnownAvailIndex, Capacity);
        GC.KeepAlive(this);
        return known;
    }

    // Whoever maps the indices may write anything into avail_index. A harvester that followed would read entries that were never published, and
    // run ahead of the producer for good. E21 carries DirtyIndex, so a true value never looks forged.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsTrue(uint avail)
    {
        // A forged fetch_index can have entries recycled that this harvester has not seen; it goes on behind them. ResetIndex is seen at
        // most one capacity behind Fetched: the producer had acquired it (E23) before it published up to Fetched.
        uint reset = TOrdering.LoadRelaxed(ref _control->ResetIndex);
        if (TIndexing.Distance(reset, _control->Fetched, Capacity) > Capacity)
        {
            _control->OvertakenEntries += TIndexing.Distance(_control->Fetched, reset, Capacity);
            _control->Fetched = _control->KnownAvailIndex = reset;
        }

        uint dirty = TOrdering.LoadRelaxed(ref _control->DirtyIndex);
        if (TIndexing.IsIndex(avail, Capacity)
            && TIndexing.Distance(_control->KnownAvailIndex, avail, Capacity) <= TIndexing.Distance(_control->KnownAvailIndex, dirty, Capacity))
        {
            return true;
        }

        _control->ForgedAvails++;
        return false;
    }

    // Stored again if someone has overwritten it, even when nothing was taken: the resetter waits for it.
    private void PublishFetched()
    {
        if (TOrdering.LoadRelaxed(ref *_fetch) != _control->Fetched)
            TOrdering.StoreRelease(ref *_fetch, _control->Fetched);                   // E22: our reads are done
        GC.KeepAlive(this);
    }
}
