using System.Runtime.CompilerServices;

namespace RingKit.DirtyRings;

/// <summary>What the harvester does.</summary>
internal sealed unsafe partial class DirtyRingCore<TOrdering>
{
    uint ILender.FetchIndex => _control->FetchIndex;

    /// <summary>Harvester only: hands published entries to the sink, in ring order, and releases each to the resetter.</summary>
    public int Harvest<TSink>(ref TSink sink, int maximum)
        where TSink : struct, IDirtyEntrySink, allows ref struct
    {
        EntryTable entries = _entries;
        uint limit = Math.Min((uint)maximum, _capacity);
        uint fetch = _control->FetchIndex;
        uint count = 0;
        while (count < limit && NextStretch(fetch, out uint length))
        {
            // Nothing that comes back but the sink is called in here, so that the loop stays in registers.
            uint end = count + Math.Min(length, limit - count);
            for (; count != end; count++)
            {
                ref DirtyGfn entry = ref entries[fetch];
                uint flags = TOrdering.LoadAcquire(ref entry.Flags);                  // E1: slot and offset are published
                if (flags != DirtyGfn.Dirty)
                {
                    NoteStop(fetch, flags);
                    limit = count;
                    break;
                }

                sink.Accept(TOrdering.ReadPlain(ref entry.Slot), TOrdering.ReadPlain(ref entry.Offset));
                TOrdering.StoreRelease(ref entry.Flags, DirtyGfn.Reset);              // E2: our reads are done
                _control->FetchIndex = ++fetch;
            }
        }

        ThrowIfDisposed();
        GC.KeepAlive(this);
        return (int)count;
    }

    /// <summary>
    /// Harvester only, of a producer elsewhere: goes on at the first entry between two indices, as somebody knows them, that is not harvested, wherever
    /// forged flags have led it.
    /// </summary>
    /// <returns>How many entries there are up to the second index.</returns>
    public int GoBetween(uint first, uint end)
    {
        EntryTable entries = _entries;
        uint fetch = first;
        while (fetch != end && (TOrdering.LoadRelaxed(ref entries[fetch].Flags) & DirtyGfn.Reset) != 0)
            fetch++;
        _control->FetchIndex = fetch;
        ThrowIfDisposed();
        GC.KeepAlive(this);
        return (int)Math.Min(end - fetch, int.MaxValue);
    }

    /// <summary>Harvester only: whether all that the producer had published, as far as is known here, is harvested.</summary>
    public bool IsHarvested
    {
        get
        {
            bool harvested = _control->FetchIndex == TOrdering.LoadRelaxed(ref _control->DirtyIndex);
            GC.KeepAlive(this);
            return harvested;
        }
    }

    /// <summary>Harvester only: how many entries, from the first one not harvested on, are published, up to a maximum.</summary>
    public int CountPublished(int maximum)
    {
        EntryTable entries = _entries;
        uint limit = Math.Min((uint)maximum, _capacity);
        uint fetch = _control->FetchIndex;
        uint count = 0;
        while (count < limit)
        {
            uint index = fetch + count;
            uint flags = TOrdering.LoadAcquire(ref entries[index].Flags);             // E1
            if (flags != DirtyGfn.Dirty)
            {
                NoteStop(index, flags);
                break;
            }

            if (index == _control->HarvesterKnownDirtyIndex && !IsPublished(index))
                break;
            count++;
        }

        ThrowIfDisposed();
        GC.KeepAlive(this);
        return (int)count;
    }

    /// <summary>Harvester only: releases entries that <see cref="CountPublished"/> counted.</summary>
    public void ReleaseHarvested(int count)
    {
        ThrowIfDisposed();
        EntryTable entries = _entries;
        uint fetch = _control->FetchIndex;
        for (uint end = fetch + (uint)count; fetch != end; fetch++)
            TOrdering.StoreRelease(ref entries[fetch].Flags, DirtyGfn.Reset);         // E2: our reads are done
        _control->FetchIndex = fetch;
        GC.KeepAlive(this);
    }

    /// <summary>Harvester only: the entries in place, as the one or two stretches in which they lie in memory.</summary>
    public void Locate(int count, out ReadOnlySpan<DirtyGfn> first, out ReadOnlySpan<DirtyGfn> second)
    {
        _entries.Locate(_control->FetchIndex, (uint)count, out first, out second);
        GC.KeepAlive(this);
    }

    // How many entries from here on the producer is known to have published; false if the first one is not there to be harvested.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool NextStretch(uint fetch, out uint length)
    {
        length = 0;
        uint flags = TOrdering.LoadAcquire(ref _entries[fetch].Flags);                // E1: and DirtyIndex with it
        if (flags != DirtyGfn.Dirty)
        {
            NoteStop(fetch, flags);
            return false;
        }

        if (fetch == _control->HarvesterKnownDirtyIndex && !IsPublished(fetch))
            return false;

        // Of a producer elsewhere nothing is known, and the distance means nothing: any will do.
        length = Math.Max(_control->HarvesterKnownDirtyIndex - fetch, 1);
        return true;
    }

    // Whoever maps the entries may set Dirty where nothing was published. A harvester that followed would run ahead of the producer, and
    // meet what is then published there only a lap later, while resets wait for it: a vCPU that has reached its soft limit would never run
    // again. The producer stores DirtyIndex before the flags that we have just acquired (E1), so a true entry never looks forged. Its
    // line is read only here, when our copy is used up.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsPublished(uint index)
    {
        if (ProducerIsElsewhere)
            return true;

        _control->HarvesterKnownDirtyIndex = TOrdering.LoadRelaxed(ref _control->DirtyIndex);
        if (index != _control->HarvesterKnownDirtyIndex)
            return true;

        _control->ForgedEntries++;
        return false;
    }

    // Flags where a harvest stops are 0 (not published), or Reset, left from the lap before, in a ring that is full of harvested entries.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void NoteStop(uint index, uint flags)
    {
        if (flags is not (0 or DirtyGfn.Reset))
            _control->ForeignFlags++;
        if (ProducerIsElsewhere || index != _control->FetchIndex)
            return;

        // A forged Reset has entries recycled that were never harvested. Their pages are protected again, but nobody was told of them; what
        // is published behind them must not wait until the producer comes round.
        uint reset = TOrdering.LoadRelaxed(ref _control->ResetIndex);
        if (unchecked((int)(reset - index)) > 0)
        {
            _control->OvertakenEntries += reset - index;
            _control->FetchIndex = reset;
            _control->HarvesterKnownDirtyIndex = reset;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ThrowIfDisposed()
    {
        if (_capacity == 0)
            ThrowDisposed();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowDisposed() => throw new ObjectDisposedException(typeof(DirtyRing).FullName);
}
