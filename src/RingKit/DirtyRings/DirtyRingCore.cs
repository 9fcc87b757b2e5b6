using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.DirtyRings;

/// <summary>The state of a slot-published dirty ring, and what its producer does. One part class a role; see docs/dirty-ring.md.</summary>
internal sealed unsafe partial class DirtyRingCore<TOrdering> : ILender, IDisposable
    where TOrdering : struct, IOrdering
{
    // An entry belongs to exactly one of three parties, and its flags say which:
    //   0 producer -> Dirty harvester -> Reset resetter -> 0 ...
    // The producer hands it over by a release store of Dirty (E1), the harvester by one of Reset (E2). The resetter hands back
    // whole runs, by a release store of ResetIndex (E3), which is why its own store of 0 into the flags needs no order.
    // Slot and offset need none either: they are written and read between two of these edges.

    // Invariant: _lease keeps the table's memory until Dispose.
    private readonly EntryTable _entries;
    private readonly NativeLease _lease;

    // Whoever touches memory through these pointers ends with GC.KeepAlive(this): a caller's last reference may be gone as soon as the pointer
    // is in a register, and the finalizers of the lease and of the control's handle would free the memory under the call. It is no code.

    // Its memory is not freed by Dispose but with this object: a role that outlives the ring may still look at its own index.
    private readonly NativeView<DirtyRingControl> _controlView = new NativeBlock<DirtyRingControl>(1).View;
    private readonly DirtyRingControl* _control;

    // Both become 0 in Dispose. Every path compares with one of them before it touches an entry, and finds the ring full or empty;
    // that slow path then says ObjectDisposedException.
    private uint _capacity;
    private uint _softLimit;

    public DirtyRingCore(NativeView<DirtyGfn> entries, uint reservedEntries, uint startIndex = 0, bool producerIsElsewhere = false)
    {
        ProducerIsElsewhere = producerIsElsewhere;
        Capacity = (uint)entries.Length;
        SoftLimit = Capacity - reservedEntries;
        _capacity = Capacity;
        _softLimit = SoftLimit;
        _lease = entries.Lease();
        _entries = new EntryTable(entries.DangerousPointer, Capacity);
        _control = _controlView.DangerousPointer;
        _control->DirtyIndex = _control->HarvesterKnownDirtyIndex = _control->ResetterKnownDirtyIndex = startIndex;
        _control->ResetIndex = _control->KnownResetIndex = startIndex;
        _control->FetchIndex = startIndex;
    }

    public uint Capacity { get; }

    public uint SoftLimit { get; }

    /// <summary>Whether another party publishes: then nobody here knows <see cref="DirtyRingControl.DirtyIndex"/>.</summary>
    public bool ProducerIsElsewhere { get; }

    public ref DirtyRingControl Control => ref *_control;

    /// <summary>Published and not yet recycled; exact only while neither happens.</summary>
    public uint Used
    {
        get
        {
            // This one first, and acquired: what was reset had been pushed, so the difference is never negative.
            uint reset = TOrdering.LoadAcquire(ref _control->ResetIndex);             // E3, and E1 and E2 before it
            uint used = Math.Min(TOrdering.LoadRelaxed(ref _control->DirtyIndex) - reset, Capacity);
            GC.KeepAlive(this);
            return used;
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
        _lease.Dispose();
    }

    /// <summary>Producer only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushResult TryPush(uint slot, ulong offset)
    {
        // KnownResetIndex is never ahead of ResetIndex, so the ring is at most as full as it looks from here.
        uint used = TOrdering.LoadRelaxed(ref _control->DirtyIndex) - _control->KnownResetIndex;
        if (used + 1 >= _softLimit)
            return TryPushNearlyFull(slot, offset);

        Publish(slot, offset);
        GC.KeepAlive(this);
        return PushResult.Pushed;
    }

    /// <summary>Producer only: entries that can be pushed before <see cref="PushResult.Full"/>. It can only grow until the next push.</summary>
    public uint Room()
    {
        uint reset = TOrdering.LoadAcquire(ref _control->ResetIndex);                 // E3: the entries before it are ours again
        _control->KnownResetIndex = reset;
        uint used = TOrdering.LoadRelaxed(ref _control->DirtyIndex) - reset;
        GC.KeepAlive(this);
        return used < _capacity ? _capacity - used : 0;
    }

    /// <summary>Producer only: whether the vCPU should stop for a harvest.</summary>
    public bool IsSoftFull() => Capacity - Room() >= SoftLimit;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private PushResult TryPushNearlyFull(uint slot, ulong offset)
    {
        uint room = Room();
        if (room == 0)
        {
            ObjectDisposedException.ThrowIf(_capacity == 0, typeof(DirtyRing));
            _control->FullPushes++;
            GC.KeepAlive(this);
            return PushResult.Full;
        }

        Publish(slot, offset);
        GC.KeepAlive(this);
        return _capacity - room + 1 >= _softLimit ? PushResult.SoftFull : PushResult.Pushed;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Publish(uint slot, ulong offset)
    {
        uint index = TOrdering.LoadRelaxed(ref _control->DirtyIndex);                 // ours: nobody else writes it
        ref DirtyGfn entry = ref _entries[index];
        TOrdering.WritePlain(ref entry.Slot, slot);
        TOrdering.WritePlain(ref entry.Offset, offset);
        TOrdering.StoreRelaxed(ref _control->DirtyIndex, index + 1);                  // before E1: who sees Dirty, or Reset, sees it
        TOrdering.StoreRelease(ref entry.Flags, DirtyGfn.Dirty);                      // E1: publishes slot and offset
    }

    /// <summary>
    /// The entries. Loops copy the table: a local one stays in registers, while fields are read again after each ordered access.
    /// </summary>
    private readonly struct EntryTable(DirtyGfn* first, uint capacity)
    {
        // Invariant: 2^n entries behind _first, and _mask = 2^n - 1; so every index is inside.
        private readonly DirtyGfn* _first = first;
        private readonly uint _mask = capacity - 1;

        public ref DirtyGfn this[uint index]
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => ref _first[index & _mask];
        }

        /// <summary>The entries from an index on, as the one or two stretches in which they lie in memory.</summary>
        public void Locate(uint index, uint count, out ReadOnlySpan<DirtyGfn> first, out ReadOnlySpan<DirtyGfn> second)
        {
            uint start = index & _mask;
            uint beforeWrap = Math.Min(count, _mask + 1 - start);
            first = new ReadOnlySpan<DirtyGfn>(_first + start, (int)beforeWrap);
            second = new ReadOnlySpan<DirtyGfn>(_first, (int)(count - beforeWrap));
        }
    }
}
