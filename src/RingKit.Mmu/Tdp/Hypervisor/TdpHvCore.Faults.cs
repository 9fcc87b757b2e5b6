using RingKit.Mmu.Mapping;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>EPT violations.</summary>
internal sealed partial class TdpHvCore<TOrdering>
{
    /// <summary>Handles a fault: by the lockless fix-up if that is enough, else under the shared lock.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="access">What the table did not grant.</param>
    public TdpFaultOutcome HandleFault<TThread>(ref TThread thread, TdpVcpuState<TOrdering> vcpu, in TdpAccess access)
        where TThread : struct, ITdpThread, allows ref struct
    {
        if (FindSlot(access.Gfn) is not { Memory.IsRemoved: false } slot)
            return TdpFaultOutcome.NoSlot;
        if (access.IsWrite && slot.IsReadOnly)
            return TdpFaultOutcome.ReadOnly;

        // Between the look at the flag and the record this thread answers nobody, so a start of logging waits for the end of it (E6).
        bool logs = slot.Logs;
        TdpFaultOutcome outcome = Table.TryFixUp(access, refusesLarge: logs);
        if (outcome == TdpFaultOutcome.FixedUp && logs)
            thread.MarkDirty(slot.Memory, access.Gfn - slot.FirstGfn);
        if (outcome == TdpFaultOutcome.None)
        {
            if (vcpu.Cache.TopUp(TdpGeometry.TablesPerFault) != Errno.None)
                return TdpFaultOutcome.NoMemory;
            outcome = Complete(ref thread, vcpu, Begin(slot, access));
        }

        Count(vcpu.Counts, outcome);
        return outcome;
    }

    /// <summary>The part of a fault before the lock.</summary>
    public TdpPendingFault<TOrdering> Begin(TdpSlot<TOrdering> slot, in TdpAccess access) => new(slot, access, Invalidations.Snapshot);

    /// <summary>The part of a fault under the lock.</summary>
    public TdpFaultOutcome Complete<TThread>(ref TThread thread, TdpVcpuState<TOrdering> vcpu, in TdpPendingFault<TOrdering> fault)
        where TThread : struct, ITdpThread, allows ref struct
    {
        Lock.EnterShared(ref thread);
        try
        {
            return Invalidations.HasChanged(fault.Sequence, fault.Access.Gfn) ? TdpFaultOutcome.Retry : Map(ref thread, vcpu, fault.Slot, fault.Access);
        }
        finally
        {
            Lock.ExitShared();
        }
    }

    private TdpFaultOutcome Map<TThread>(ref TThread thread, TdpVcpuState<TOrdering> vcpu, TdpSlot<TOrdering> slot, in TdpAccess access)
        where TThread : struct, ITdpThread, allows ref struct
    {
        bool isPrivate = access.IsPrivate ?? Space.Attributes.IsPrivate(access.Gfn);
        var wanted = new MappingFault(access.Gfn, slot.FrameOf(access.Gfn, isPrivate), isPrivate, access.IsExecute);
        AdjustedFault adjusted = FaultAdjustment.Adjust(Options.Form, Space, wanted);
        if (adjusted.IsMemoryFault || wanted.Pfn == MappingFault.NoFrame)
            return TdpFaultOutcome.MemoryFault;

        // What the file's frames would show through a misplaced large page is other memory: KVM has no such file yet, so 4K is safe for its forms too.
        int level = (adjusted.Warnings & MappingWarnings.Misplaced) == MappingWarnings.None ? (int)adjusted.GoalLevel : 1;
        ulong frame = level == 1 ? wanted.Pfn : adjusted.Pfn;
        bool writable = !slot.IsReadOnly && (access.IsWrite || Options.MapsReadsWritable);
        Spte leaf = Spte.Leaf(level, frame, writable, AccessDirtyOf(access), isPrivate);
        TdpMapResult result = Table.Map(ref thread, access, level, leaf, vcpu.Cache, out int splits);
        vcpu.Counts.Splits += (uint)splits;
        switch (result)
        {
            case TdpMapResult.Mapped:
                // The lock keeps harvests out until the record is made. A read marks too: its page may be written from now on, and nothing would tell.
                if (writable && slot.Logs)
                    thread.MarkDirty(slot.Memory, access.Gfn - slot.FirstGfn);
                return TdpFaultOutcome.Mapped;
            case TdpMapResult.Spurious:
                return TdpFaultOutcome.Spurious;
            case TdpMapResult.NoMemory:
                return TdpFaultOutcome.NoMemory;
            default:
                return TdpFaultOutcome.Retry;
        }
    }

    private SpteAccessDirty AccessDirtyOf(in TdpAccess access)
    {
        if (!Options.HasAccessDirty)
            return SpteAccessDirty.Disabled;
        return access.IsNested && Options.LogMethod == TdpLogMethod.ModificationLog ? SpteAccessDirty.WriteProtectOnly : SpteAccessDirty.Enabled;
    }

    private static void Count(TdpFaultCounts counts, TdpFaultOutcome outcome)
    {
        switch (outcome)
        {
            case TdpFaultOutcome.FixedUp:
                counts.FixedUp++;
                break;
            case TdpFaultOutcome.Spurious:
                counts.Spurious++;
                break;
            case TdpFaultOutcome.Mapped:
                counts.Mapped++;
                break;
            case TdpFaultOutcome.Retry:
                counts.Retries++;
                break;
            case TdpFaultOutcome.MemoryFault:
                counts.MemoryFaults++;
                break;
        }
    }
}
