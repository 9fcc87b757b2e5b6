using System.Diagnostics;
using System.Numerics;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>KVM's side of a vCPU's dirty ring, its defects included where they are chosen. Its user has the entries mapped.</summary>
/// <remarks>Thread role: <see cref="Push"/> and what it needs by the vCPU; resets by one thread at a time; the counts by any.</remarks>
internal sealed class KvmRing
{
    // As in DirtyRing: an entry's flags pass it from the vCPU to the user (E1) and from him to a reset (E2); a reset publishes what is free by its index
    // (E3). Entries are plain in
    // between. Where a full ring is overwritten that breaks, as it does in KVM, and the user may read half of one page and half of another.

    // The memory goes with the last that holds a view: the user's mapping outlives the machine.
    private readonly NativeView<DirtyGfn> _entries;
    private readonly uint _mask;
    private readonly KvmFidelity _fidelity;
    private uint _dirtyIndex;
    private uint _resetIndex;
    private ulong _overwritten;
    private ulong _forgedResets;

    /// <summary>An empty ring.</summary>
    /// <param name="entries">A power of two.</param>
    /// <param name="reservedEntries">Entries above the soft limit, at most all.</param>
    /// <param name="fidelity">Which defects it has.</param>
    /// <param name="startIndex">Where the indices begin: a multiple of the entries.</param>
    public KvmRing(int entries, int reservedEntries, KvmFidelity fidelity, uint startIndex = 0)
    {
        Debug.Assert(BitOperations.IsPow2(entries) && reservedEntries <= entries, $"{entries} entries, {reservedEntries} of them reserved");
        Debug.Assert(startIndex % (uint)entries == 0, $"the index begins at {startIndex}");
        _entries = new NativeBlock<DirtyGfn>((nuint)entries, alignment: (nuint)Environment.SystemPageSize).View;
        _mask = (uint)entries - 1;
        SoftLimit = (uint)(entries - reservedEntries);
        _fidelity = fidelity;
        _dirtyIndex = _resetIndex = startIndex;
    }

    /// <summary>The entries, as the user has them mapped.</summary>
    public NativeView<DirtyGfn> Entries => _entries;

    public uint Capacity => _mask + 1;

    public uint SoftLimit { get; }

    /// <summary>
    /// Pushed and not reset, modulo 2^32: above the capacity once the ring was overwritten, and far above once a reset has passed the last push.
    /// </summary>
    public uint Used
    {
        get
        {
            uint reset = HardwareOrdering.LoadAcquire(ref _resetIndex);               // E3: the entries before it are free
            return HardwareOrdering.LoadRelaxed(ref _dirtyIndex) - reset;
        }
    }

    public bool IsSoftFull => Used >= SoftLimit;

    /// <summary>Whether a push stores something, whatever it overwrites.</summary>
    public bool HasRoom => Has(KvmFidelity.PushOverwritesFullRing) || Used < Capacity;

    /// <summary>Entries pushed, modulo 2^32.</summary>
    public uint Pushed => HardwareOrdering.LoadRelaxed(ref _dirtyIndex);

    /// <summary>Entries reset, modulo 2^32.</summary>
    public uint Consumed => HardwareOrdering.LoadRelaxed(ref _resetIndex);

    /// <summary>Pushes into a full ring, each of which has overwritten an entry.</summary>
    public ulong Overwritten => HardwareOrdering.LoadRelaxed(ref _overwritten);

    /// <summary>Resets that ended at an entry which claimed to be harvested and had not been pushed.</summary>
    public ulong ForgedResets => HardwareOrdering.LoadRelaxed(ref _forgedResets);

    /// <summary>The vCPU alone: publishes a page.</summary>
    public PushResult Push(uint slot, ulong offset)
    {
        uint used = Used;
        if (used >= Capacity)
        {
            if (!Has(KvmFidelity.PushOverwritesFullRing))
                return PushResult.Full;
            HardwareOrdering.StoreRelaxed(ref _overwritten, _overwritten + 1);
        }

        uint index = HardwareOrdering.LoadRelaxed(ref _dirtyIndex);                   // ours: nobody else writes it
        ref DirtyGfn entry = ref EntryAt(index);
        HardwareOrdering.WritePlain(ref entry.Slot, slot);
        HardwareOrdering.WritePlain(ref entry.Offset, offset);
        HardwareOrdering.StoreRelaxed(ref _dirtyIndex, index + 1);                    // before E1: who sees Dirty, or Reset, sees it
        HardwareOrdering.StoreRelease(ref entry.Flags, DirtyGfn.Dirty);               // E1: publishes slot and offset
        return used + 1 >= SoftLimit ? PushResult.SoftFull : PushResult.Pushed;
    }

    /// <summary>Joins harvested entries and has them protected: KVM's reset of one ring.</summary>
    /// <param name="target">The slots.</param>
    /// <param name="signal">Asked before each entry.</param>
    /// <param name="counts">What this reset, of all rings, has done so far.</param>
    /// <param name="limit">The most entries of this reset, of all rings.</param>
    /// <param name="fidelity">Which defects it has.</param>
    public void Reset<TTarget, TSignal>(ref TTarget target, ref TSignal signal, ref KvmReset counts, int limit, KvmFidelity fidelity)
        where TTarget : struct, IResetTarget, allows ref struct
        where TSignal : struct, IPendingSignal
    {
        // KVM gives an entry back as soon as it is in the batch: what becomes of the batch then is nobody's concern. Else it is given back when the batch is
        // applied, so
        // that one which is not stays harvested.
        bool recyclesFirst = (fidelity & KvmFidelity.SignalLosesBatch) != KvmFidelity.Safe;
        bool isInterrupted = false;
        int entries = counts.Entries;
        uint next = HardwareOrdering.LoadRelaxed(ref _resetIndex);                    // ours: nobody else writes it
        ResetCoalescer batch = default;
        for (; entries < limit; entries++)
        {
            isInterrupted = signal.IsPending();
            if (isInterrupted)
                break;
            ref DirtyGfn entry = ref EntryAt(next);
            if ((HardwareOrdering.LoadAcquire(ref entry.Flags) & DirtyGfn.Reset) == 0)   // E2: the user has read it
                break;
            if ((fidelity & KvmFidelity.TrustsHarvestedFlags) == KvmFidelity.Safe && IsForged(next))
                break;

            uint slot = HardwareOrdering.ReadPlain(ref entry.Slot);
            ulong offset = HardwareOrdering.ReadPlain(ref entry.Offset);
            next++;
            if (recyclesFirst)
                Recycle(next);
            if (batch.TryAdd(slot, offset))
                continue;
            if (!batch.IsEmpty)
                Apply(ref target, batch.Batch, next - 1, ref counts, fidelity);
            batch.Restart(slot, offset);
        }

        if (!batch.IsEmpty)
        {
            if (isInterrupted && recyclesFirst)
                counts = counts with { UnprotectedPages = counts.UnprotectedPages + batch.Batch.PageCount };
            else
                Apply(ref target, batch.Batch, next, ref counts, fidelity);
        }

        counts = counts with { Entries = entries, IsInterrupted = isInterrupted };
    }

    /// <summary>Publishes again what the user has made look as if it had never been pushed, or as nothing that there is. Between resets.</summary>
    /// <param name="end">How far the vCPU had pushed when it was last out of the guest.</param>
    public void Republish(uint end)
    {
        for (uint index = HardwareOrdering.LoadRelaxed(ref _resetIndex); unchecked((int)(end - index)) > 0; index++)
        {
            ref uint flags = ref EntryAt(index).Flags;
            uint seen = HardwareOrdering.LoadRelaxed(ref flags);
            if (seen != DirtyGfn.Dirty && (seen & DirtyGfn.Reset) == 0)
                HardwareOrdering.StoreRelaxed(ref flags, DirtyGfn.Dirty);
        }
    }

    private void Apply<TTarget>(ref TTarget target, in ResetBatch batch, uint end, ref KvmReset counts, KvmFidelity fidelity)
        where TTarget : struct, IResetTarget, allows ref struct
    {
        ulong refused = (fidelity & KvmFidelity.RefusesWholeBatch) != KvmFidelity.Safe
            ? RefuseBatch<TTarget>.Apply(ref target, batch)
            : RefusePages<TTarget>.Apply(ref target, batch);
        if (refused != 0)
            counts = counts with { RefusedPages = counts.RefusedPages + BitOperations.PopCount(refused) };
        Recycle(end);
    }

    // Gives back what is not given back yet. Nobody but the vCPU uses a free entry, and it learns from the index.
    private void Recycle(uint end)
    {
        uint index = HardwareOrdering.LoadRelaxed(ref _resetIndex);
        if (unchecked((int)(end - index)) <= 0)
            return;
        for (; index != end; index++)
            HardwareOrdering.StoreRelaxed(ref EntryAt(index).Flags, 0);
        HardwareOrdering.StoreRelease(ref _resetIndex, end);                          // E3: our reads of the entries are done
    }

    // The vCPU stores its index before the flags that were just acquired through E1 and E2, so an entry that was pushed never looks forged.
    private bool IsForged(uint index)
    {
        if (index != HardwareOrdering.LoadRelaxed(ref _dirtyIndex))
            return false;
        HardwareOrdering.StoreRelaxed(ref _forgedResets, _forgedResets + 1);
        return true;
    }

    private bool Has(KvmFidelity defect) => (_fidelity & defect) != KvmFidelity.Safe;

    private ref DirtyGfn EntryAt(uint index) => ref _entries[index & _mask];
}
