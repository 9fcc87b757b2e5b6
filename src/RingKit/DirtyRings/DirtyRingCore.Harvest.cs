using System.Runtime.CompilerServices;

namespace RingKit.DirtyRings;

/// <summary>What the harvester does.</summary>
internal sealed unsafe partial class DirtyRingCore<TOrdering>
{
    /// <summary>Harvester only: hands published entries to the sink, in ring order, and releases each to the resetter.</summary>
    public int Harvest<TSink>(ref TSink sink, int maximum)
        where TSink : struct, IDirtyEntrySink, allows ref struct
    {
        EntryTable entries = _entries;
        uint limit = Math.Min((uint)maximum, _capacity);
        uint fetch = _control->FetchIndex;
        uint count = 0;
        while (count < limit)
        {
            ref DirtyGfn entry = ref entries[fetch];
            uint flags = TOrdering.LoadAcquire(ref entry.Flags);                      // E1: slot and offset are published
            if (flags != DirtyGfn.Dirty)
            {
                NoteForeignFlags(flags);
                break;
            }

            sink.Accept(TOrdering.ReadPlain(ref entry.Slot), TOrdering.ReadPlain(ref entry.Offset));
            TOrdering.StoreRelease(ref entry.Flags, DirtyGfn.Reset);                  // E2: our reads are done
            _control->FetchIndex = ++fetch;
            count++;
        }

        ThrowIfDisposed();
        return (int)count;
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
            uint flags = TOrdering.LoadAcquire(ref entries[fetch + count].Flags);     // E1
            if (flags != DirtyGfn.Dirty)
            {
                NoteForeignFlags(flags);
                break;
            }

            count++;
        }

        ThrowIfDisposed();
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
    }

    /// <summary>Harvester only: the entries in place, as the one or two stretches in which they lie in memory.</summary>
    public void Locate(int count, out ReadOnlySpan<DirtyGfn> first, out ReadOnlySpan<DirtyGfn> second) =>
        _entries.Locate(_control->FetchIndex, (uint)count, out first, out second);

    // Flags where a harvest stops are 0 (not published), or Reset, left from the lap before, in a ring that is full of harvested entries.
    private void NoteForeignFlags(uint flags)
    {
        if (flags is not (0 or DirtyGfn.Reset))
            _control->ForeignFlags++;
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
