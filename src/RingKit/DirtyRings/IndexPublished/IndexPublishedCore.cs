using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>The state of an index-published dirty ring, and what its producer does. One part class a role; see docs/dirty-ring.md.</summary>
internal sealed unsafe partial class IndexPublishedCore<TOrdering, TIndexing> : ILender, IDisposable
    where TOrdering : struct, IOrdering
    where TIndexing : struct, IIndexing
{
    // Three indices chase each other round the ring, and an entry belongs to whoever's index has to pass it next:
    //   [ResetIndex, fetch) the resetter, [fetch, avail) the harvester, [avail, ResetIndex + capacity) the producer.
    // Each passes entries on by a release store of its index: avail_index (E21), fetch_index (E22), ResetIndex (E23). The entries need no order
    // of their own. avail_index and fetch_index lie where others may write them; what they must not be able to break is decided by
    // DirtyIndex, Fetched and ResetIndex, which are private.

    // Invariant: Capacity entries behind _entries, and the two words of the layout behind _avail and _fetch, kept by the leases until Dispose.
    // Whoever touches any memory here ends with GC.KeepAlive(this), as in DirtyRingCore.
    private readonly DirtyGfn* _entries;
    private readonly uint* _avail;
    private readonly uint* _fetch;
    private readonly NativeLease _entriesLease;
    private readonly NativeLease _indicesLease;
    private readonly bool _indicesAreForeign;

    // Not freed by Dispose but with this object: a role that outlives the ring may still look at its own index.
    private readonly NativeView<IndexPublishedControl> _controlView = new NativeBlock<IndexPublishedControl>(1).View;
    private readonly IndexPublishedControl* _control;

    // Both become 0 in Dispose: every path finds the ring full or empty then, and its slow path says ObjectDisposedException.
    private uint _capacity;
    private uint _softLimit;

    public IndexPublishedCore(
        NativeView<DirtyGfn> entries,
        NativeView<uint> indices,
        IndexLayout layout,
        uint reservedEntries,
        uint startIndex = 0,
        bool indicesAreForeign = false)
    {
        Capacity = (uint)entries.Length;
        SoftLimit = Capacity - reservedEntries;
        _capacity = Capacity;
        _softLimit = SoftLimit;
        _indicesAreForeign = indicesAreForeign;
        _entriesLease = entries.Lease();
        _indicesLease = indices.Lease();
        _entries = entries.DangerousPointer;
        _avail = indices.DangerousPointer + (IndexPublishedLayout.AvailIndexOffset / sizeof(uint));
        _fetch = indices.DangerousPointer + (IndexPublishedLayout.FetchIndexOffset(layout) / sizeof(uint));
        _control = _controlView.DangerousPointer;
        *_avail = *_fetch = startIndex;
        _control->DirtyIndex = _control->KnownDirtyIndex = _control->KnownAvailIndex = startIndex;
        _control->ResetIndex = _control->KnownResetIndex = startIndex;
        _control->Fetched = startIndex;
    }

    public uint Capacity { get; }

    public uint SoftLimit { get; }

    public ref IndexPublishedControl Control => ref *_control;

    /// <summary>Published and not yet recycled; exact only while neither happens.</summary>
    public uint Used
    {
        get
        {
            // This one first, and acquired: what was reset had been pushed, so the distance is never that of a ring nearly full.
            uint reset = TOrdering.LoadAcquire(ref _control->ResetIndex);             // E23, and E21 and E22 before it
            uint used = TIndexing.Distance(reset, TOrdering.LoadRelaxed(ref _control->DirtyIndex), Capacity);
            GC.KeepAlive(this);
            return Math.Min(used, Capacity);
        }
    }

    /// <summary>A counter of the control, which stays alive until it is read.</summary>
    public ulong Read(ref readonly ulong counter)
    {
        ulong value = TOrdering.LoadRelaxed(in counter);
        GC.KeepAlive(this);
        return value;
    }

    public void Dispose()
    {
        _capacity = 0;
        _softLimit = 0;
        _entriesLease.Dispose();
        _indicesLease.Dispose();
    }

    /// <summary>The one producer only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushResult TryPush(uint slot, ulong offset)
    {
        // KnownResetIndex is never ahead of ResetIndex, so the ring is at most as full as it looks from here. Where producers take turns
        // it passes from one to the next with the lock (E24).
        uint dirty = TOrdering.LoadRelaxed(ref _control->DirtyIndex);
        if (TIndexing.Distance(TOrdering.ReadPlain(ref _control->KnownResetIndex), dirty, Capacity) + 1 >= _softLimit)
            return TryPushNearlyFull(slot, offset);

        Publish(dirty, slot, offset);
        GC.KeepAlive(this);
        return PushResult.Pushed;
    }

    /// <summary>One of several producers: the same, one after the other.</summary>
    public PushResult TryPushLocked(uint slot, ulong offset)
    {
        EnterProducers();
        try
        {
            return TryPush(slot, offset);
        }
        finally
        {
            LeaveProducers();
        }
    }

    /// <summary>The one producer only: entries that can be pushed before <see cref="PushResult.Full"/>.</summary>
    public uint Room()
    {
        uint reset = TOrdering.LoadAcquire(ref _control->ResetIndex);                 // E23: the entries before it are ours again
        TOrdering.WritePlain(ref _control->KnownResetIndex, reset);
        uint dirty = TOrdering.LoadRelaxed(ref _control->DirtyIndex);
        uint used = TIndexing.Distance(reset, dirty, Capacity);

        // Someone may have overwritten it, and a vCPU that waits for room publishes nothing else that would put it right.
        if (_indicesAreForeign && _capacity != 0 && TOrdering.LoadRelaxed(ref *_avail) != dirty)
            TOrdering.StoreRelease(ref *_avail, dirty);                               // E21: what was published before
        GC.KeepAlive(this);
        return used < _capacity ? _capacity - used : 0;
    }

    /// <summary>The one producer only: whether the vCPU should stop for a harvest.</summary>
    public bool IsSoftFull() => Capacity - Room() >= SoftLimit;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private PushResult TryPushNearlyFull(uint slot, ulong offset)
    {
        uint room = Room();
        if (room == 0)
        {
            ObjectDisposedException.ThrowIf(_capacity == 0, typeof(IndexPublishedDirtyRing));
            _control->FullPushes++;
            GC.KeepAlive(this);
            return PushResult.Full;
        }

        Publish(TOrdering.LoadRelaxed(ref _control->DirtyIndex), slot, offset);
        GC.KeepAlive(this);
        return _capacity - room + 1 >= _softLimit ? PushResult.SoftFull : PushResult.Pushed;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Publish(uint index, uint slot, ulong offset)
    {
        ref DirtyGfn entry = ref EntryAt(index);
        TOrdering.WritePlain(ref entry.Slot, slot);
        TOrdering.WritePlain(ref entry.Offset, offset);
        uint next = TIndexing.Advance(index, 1, Capacity);
        TOrdering.StoreRelaxed(ref _control->DirtyIndex, next);                       // before E21, which carries it
        TOrdering.StoreRelease(ref *_avail, next);                                    // E21: publishes slot and offset
    }

    private void EnterProducers()
    {
        for (int rounds = 1; TOrdering.ExchangeAcquire(ref _control->ProducerLock, 1) != 0; rounds++)     // E24
        {
            TOrdering.Pause();

            // Whoever holds the lock may need this core.
            if (rounds % 32 == 0)
                Thread.Yield();
        }
    }

    private void LeaveProducers()
    {
        TOrdering.StoreRelease(ref _control->ProducerLock, 0);                        // E24: the producer's words, to the next producer
        GC.KeepAlive(this);
    }

    // In bounds for any index of this indexing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref DirtyGfn EntryAt(uint index) => ref _entries[TIndexing.EntryOf(index, Capacity)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_capacity == 0, typeof(IndexPublishedDirtyRing));
}
