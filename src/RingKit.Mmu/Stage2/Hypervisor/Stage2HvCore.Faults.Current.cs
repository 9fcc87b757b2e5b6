using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Host;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Faults as KVM of about Linux 6.18 handles them.</summary>
/// <remarks>
/// Source: <c>user_mem_abort</c>. KVM maps a block over a table under a read lock too, as it frees tables by RCU; here that one fault takes the lock alone.
/// KVM's slots change under SRCU, which waits for faults; here a fault looks again, under the lock, whether the slot is logged. KVM reads the invalidation
/// sequence under mmap_lock; here it is read before anything of the host's is.
/// </remarks>
internal sealed partial class Stage2HvCore<TOrdering>
{
    private static readonly int PageShift = GuestPage.Shift;
    private static readonly int BlockShift = Stage2Geometry.ShiftAt(2);
    private static readonly int GigabyteShift = Stage2Geometry.ShiftAt(1);

    private Stage2FaultOutcome MapCurrent<TThread>(ref TThread thread, Stage2VcpuState<TOrdering> vcpu, in Stage2Fault fault, Stage2Slot slot)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        bool logs = Logs(slot), isPermission = fault.Class == Stage2FaultClass.Permission;

        // A permission fault finds its tables there, unless a block has to be dissolved.
        if (vcpu.Cache.TopUp(Table.Geometry.TablesPerFault) != Errno.None && (!isPermission || (logs && fault.IsWrite)))
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);

        ulong sequence = Host.Invalidations.Snapshot;                                                           // E68
        if (Host.Find(slot.HostAddressOf(fault.Ipa)) is not { } region)
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);

        int shift = logs ? PageShift : Normalise(slot, fault.Ipa, region.ShiftAt(slot.HostAddressOf(fault.Ipa)));
        bool isCacheable = region.IsCacheable;
        Overtakes?.Invoke(Stage2FaultStep.RegionSeen);
        if (Has(Stage2Defects.ReadsSequenceLate))
            sequence = Host.Invalidations.Snapshot;                                                             // E68

        ulong ipa = fault.Ipa & ~((1UL << shift) - 1);
        HostPage page = Host.FaultIn(ref thread, slot.HostAddressOf(ipa), fault.IsWrite);
        if (page.State == HostPageState.NeedsCopy)
        {
            ChangeHostPage(ref thread, slot.HostAddressOf(ipa), HostChange.Copy);
            return Retry(vcpu);
        }

        if (page.State != HostPageState.Found)
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);
        bool isWritable = page.IsWritable && !slot.IsReadOnly;
        var protection = Stage2Protection.Read;
        if (!page.IsDriver)
        {
            // A read maps nothing writable under logging: the store that follows would go unseen.
            if (logs && !fault.IsWrite && !Has(Stage2Defects.MapsReadsWritable))
                isWritable = false;
        }
        else if (!isCacheable)
        {
            if (fault.Kind == Stage2Access.Fetch)
                return Refuse(vcpu, Stage2FaultOutcome.InstructionAbort);
            protection |= Stage2Protection.Device;
        }
        else if (!Options.HasForcedWriteBack || !Options.HasCoherentInstructionCache)
        {
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);
        }

        if (isWritable)
            protection |= Stage2Protection.Write;
        if (isCacheable && (fault.Kind == Stage2Access.Fetch || Options.HasCoherentInstructionCache))
            protection |= Stage2Protection.KernelExecute | Stage2Protection.UserExecute;
        Overtakes?.Invoke(Stage2FaultStep.PageFound);

        Lock.EnterShared(ref thread);
        if (IsOvertaken(slot, sequence, logs))
        {
            Lock.ExitShared();
            return Retry(vcpu);
        }

        // Nothing was invalidated, so the host's page size is still the one that was found.
        if (shift == PageShift && isCacheable && (!logs || Has(Stage2Defects.IgnoresForcedPages)))
        {
            if (isPermission && fault.Level < Stage2Geometry.LastLevel)
                shift = Stage2Geometry.ShiftAt(fault.Level);
            else if (!page.IsDriver && page.Shift >= BlockShift && AllowsBlock(slot, ipa, BlockShift))
                shift = BlockShift;
        }

        Errno error;
        if (isPermission && (shift == Stage2Geometry.ShiftAt(fault.Level) || Has(Stage2Defects.RelaxesOtherSizes)))
        {
            int at = Has(Stage2Defects.RelaxesOtherSizes) ? -1 : fault.Level;
            error = Table.Relax(ref thread, fault.Ipa, protection & ~Stage2Protection.Device, at);
            vcpu.Counts.Relaxed += error == Errno.None ? 1UL : 0;
            Lock.ExitShared();
        }
        else
        {
            ulong mask = (1UL << shift) - 1;
            var mapping = new Wanted(ipa & ~mask, shift, page.Address & ~mask, protection);
            error = MapShared(ref thread, vcpu, mapping, mayFreeTables: false);
            Lock.ExitShared();
            if (error == Errno.Busy)
                error = MapAlone(ref thread, vcpu, mapping, slot, sequence, logs);
        }

        if (logs && isWritable && (error == Errno.None || Has(Stage2Defects.MarksFailures)))
            thread.MarkDirty(slot.Memory, (fault.Ipa - slot.BaseIpa) >> PageShift);
        return error switch
        {
            Errno.None => Stage2FaultOutcome.Resume,
            Errno.Again => Retry(vcpu),
            _ => Refuse(vcpu, Stage2FaultOutcome.HostFault),
        };
    }

    // From what the region has to what the slot, and the table's levels, allow.
    private int Normalise(Stage2Slot slot, ulong ipa, int shift)
    {
        if (shift >= GigabyteShift && (!Table.Geometry.MapsAt(1) || !AllowsBlock(slot, ipa, GigabyteShift)))
            shift = BlockShift;
        return shift >= BlockShift && shift < GigabyteShift && !AllowsBlock(slot, ipa, BlockShift) ? PageShift : shift;
    }

    // Under the lock: whether the host took pages away since the snapshot, or the log was started or stopped.
    private bool IsOvertaken(Stage2Slot slot, ulong sequence, bool logs) => Host.Invalidations.HasChanged(sequence) || Logs(slot) != logs;   // E67

    private Errno MapShared<TThread>(ref TThread thread, Stage2VcpuState<TOrdering> vcpu, in Wanted wanted, bool mayFreeTables)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Errno error = Stage2Attributes.TryEncode(wanted.Protection, Options.HasForcedWriteBack, out Stage2Attributes attributes);
        if (error != Errno.None)
            return error;

        int level = Stage2Geometry.LastLevel - ((wanted.Shift - PageShift) / 9);
        error = Table.Map(ref thread, wanted.Ipa, level, wanted.Address, attributes, vcpu.Cache, mayFreeTables, out Stage2Replaced replaced);
        Count(ref vcpu.Counts, replaced);
        if (error != Errno.None)
            return error;
        if (level == Stage2Geometry.LastLevel)
            vcpu.Counts.Pages++;
        else
            vcpu.Counts.Blocks++;
        return Errno.None;
    }

    private Errno MapAlone<TThread>(
        ref TThread thread, Stage2VcpuState<TOrdering> vcpu, in Wanted wanted, Stage2Slot slot, ulong sequence, bool logs)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock.Enter(ref thread);
        Errno error = IsOvertaken(slot, sequence, logs) ? Errno.Again : MapShared(ref thread, vcpu, wanted, mayFreeTables: true);
        Lock.Exit();
        return error;
    }

    private static void Count(ref Stage2FaultCounts counts, Stage2Replaced replaced)
    {
        if (replaced == Stage2Replaced.Block)
            counts.Dissolved++;
        else if (replaced == Stage2Replaced.Table)
            counts.Collapsed++;
    }

    /// <summary>What a fault maps.</summary>
    /// <param name="Ipa">Where, a multiple of its size.</param>
    /// <param name="Shift">Its size.</param>
    /// <param name="Address">The physical address, a multiple of its size.</param>
    /// <param name="Protection">What is allowed, and the memory type.</param>
    private readonly record struct Wanted(ulong Ipa, int Shift, ulong Address, Stage2Protection Protection);
}
