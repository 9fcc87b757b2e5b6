using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Host;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Faults as the patches of 2014 handle them: one at a time, pages only while the slot is logged, blocks dissolved by stores.</summary>
/// <remarks>
/// The result is that of the merged code; each defect that the patches had is behind <see cref="Stage2Defects"/>. Executable from the start, as that time had no
/// execute permission on demand. Source: <c>user_mem_abort</c>, <c>kvm_phys_addr_ioremap</c>, <c>kvm_set_spte_handler</c>.
/// </remarks>
internal sealed partial class Stage2HvCore<TOrdering>
{
    private const Stage2Protection PostedMemory = Stage2Protection.Read | Stage2Protection.KernelExecute | Stage2Protection.UserExecute;
    private const Stage2Protection PostedDevice = Stage2Protection.Read | Stage2Protection.Device;

    private readonly PostedTable<TOrdering> _posted;

    /// <summary>Maps a device's pages, where nothing may be mapped yet: kvm_phys_addr_ioremap.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="vcpu">Where its tables come from.</param>
    /// <param name="ipa">Where, a multiple of 4096.</param>
    /// <param name="physicalAddress">The device, a multiple of 4096.</param>
    /// <param name="size">In bytes, a multiple of 4096.</param>
    /// <param name="isWritable">Whether the guest may store to it.</param>
    /// <returns>
    /// <see cref="Errno.BadAddress"/> if something is mapped there (2014), <see cref="Errno.Again"/> if the same is (current); <see cref="Errno.NoMemory"/>;
    /// <see cref="Errno.Invalid"/> and <see cref="Errno.Range"/> for arguments out of range, with nothing changed. Pages before the one that failed stay mapped.
    /// </returns>
    public Errno MapDevice<TThread>(
        ref TThread thread, Stage2VcpuState<TOrdering> vcpu, ulong ipa, ulong physicalAddress, ulong size, bool isWritable)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        if (((ipa | physicalAddress | size) & GuestPage.OffsetMask) != 0)
            return Errno.Invalid;
        if (!Table.Geometry.Holds(ipa) || size > Table.Geometry.IpaSize - ipa)
            return Errno.Range;

        Stage2Protection protection = PostedDevice | (isWritable ? Stage2Protection.Write : Stage2Protection.None);
        Errno error = Stage2Attributes.TryEncode(protection, Options.HasForcedWriteBack, out Stage2Attributes attributes);
        for (ulong offset = 0; error == Errno.None && offset < size; offset += GuestPage.Size)
        {
            error = vcpu.Cache.TopUp(Table.Geometry.TablesPerFault);
            if (error != Errno.None)
                break;
            Lock.Enter(ref thread);
            error = Options.Generation == Stage2Generation.Posted2014
                ? _posted.SetPage(ref thread, ipa + offset, physicalAddress + offset, attributes, vcpu.Cache, Stage2PteFlags.IsIomap, out _)
                : Table.Map(ref thread, ipa + offset, Stage2Geometry.LastLevel, physicalAddress + offset, attributes, vcpu.Cache);
            Lock.Exit();
        }

        return error;
    }

    /// <summary>
    /// The host has put another, read-only page behind an address: the page table gets it at once, if it has a table for it. Between the start and the end of an
    /// invalidation, which has unmapped what was there. Source: the change_pte notifier, in KVM until 6.9.
    /// </summary>
    /// <param name="thread">This thread.</param>
    /// <param name="hostAddress">The address.</param>
    /// <param name="physicalAddress">The new page.</param>
    public void SetSharedPage<TThread>(ref TThread thread, ulong hostAddress, ulong physicalAddress)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Stage2Attributes.TryEncode(PostedMemory, Options.HasForcedWriteBack, out Stage2Attributes attributes);
        Lock.Enter(ref thread);
        foreach (Stage2Slot slot in Slots)
        {
            if (Overlap(slot, hostAddress, GuestPage.Size) is { Size: not 0 } part)
                _posted.SetPage(ref thread, part.Ipa, physicalAddress, attributes, cache: null, Stage2PteFlags.None, out _);
        }

        Lock.Exit();
    }

    private Stage2FaultOutcome MapPosted<TThread>(ref TThread thread, Stage2VcpuState<TOrdering> vcpu, in Stage2Fault fault, Stage2Slot slot)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        if (fault.Class == Stage2FaultClass.Permission && !fault.IsWrite)
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);

        ulong sequence = Host.Invalidations.Snapshot;                                                           // E68
        if (Host.Find(slot.HostAddressOf(fault.Ipa)) is not { } region)
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);

        Stage2PteFlags logging = Logs(slot) ? Stage2PteFlags.LoggingActive : Stage2PteFlags.None;
        bool logs = logging != Stage2PteFlags.None, allowsBlock = AllowsBlock(slot, fault.Ipa, BlockShift);
        bool isHuge = region.Kind is HostRegionKind.HugeTlb2M or HostRegionKind.HugeTlb1G && !logs && allowsBlock;
        Overtakes?.Invoke(Stage2FaultStep.RegionSeen);
        if (vcpu.Cache.TopUp(Table.Geometry.TablesPerFault) != Errno.None)
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);
        if (Has(Stage2Defects.ReadsSequenceLate))
            sequence = Host.Invalidations.Snapshot;                                                             // E68

        ulong ipa = fault.Ipa & ~((1UL << (isHuge ? BlockShift : PageShift)) - 1);
        HostPage page = Host.FaultIn(ref thread, slot.HostAddressOf(ipa), fault.IsWrite);
        if (page.State == HostPageState.NeedsCopy)
        {
            ChangeHostPage(ref thread, slot.HostAddressOf(ipa), HostChange.Copy);
            return Retry(vcpu);
        }

        if (page.State != HostPageState.Found)
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);
        bool isWritable = page.IsWritable && !slot.IsReadOnly;
        if (!page.IsDriver && logs && !fault.IsWrite && !Has(Stage2Defects.MapsReadsWritable))
            isWritable = false;
        Overtakes?.Invoke(Stage2FaultStep.PageFound);

        EnterPosted(ref thread);
        if (IsOvertaken(slot, sequence, logs))
        {
            ExitPosted();
            return Retry(vcpu);
        }

        bool mayAdjust = !logs && (allowsBlock || Has(Stage2Defects.IgnoresForcedPages));
        isHuge |= mayAdjust && !page.IsDriver && page.Shift >= BlockShift;
        Stage2Protection protection = (page.IsDriver ? PostedDevice : PostedMemory) | (isWritable ? Stage2Protection.Write : Stage2Protection.None);
        Stage2PteFlags flags = logging | (page.IsDriver ? Stage2PteFlags.IsIomap : Stage2PteFlags.None);
        Errno error = SetPosted(ref thread, vcpu, new Wanted(ipa, isHuge ? BlockShift : PageShift, page.Address, protection), flags);
        ExitPosted();

        bool isRecorded = Has(Stage2Defects.MapsReadsWritable) ? fault.IsWrite : isWritable;
        if (logs && isRecorded && (error == Errno.None || Has(Stage2Defects.MarksFailures)))
            thread.MarkDirty(slot.Memory, (fault.Ipa - slot.BaseIpa) >> PageShift);
        return error == Errno.None ? Stage2FaultOutcome.Resume : Refuse(vcpu, Stage2FaultOutcome.HostFault);
    }

    // A spinlock in 2014.
    private void EnterPosted<TThread>(ref TThread thread)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        if (Has(Stage2Defects.SharesTheLock))
            Lock.EnterShared(ref thread);
        else
            Lock.Enter(ref thread);
    }

    private void ExitPosted()
    {
        if (Has(Stage2Defects.SharesTheLock))
            Lock.ExitShared();
        else
            Lock.Exit();
    }

    private Errno SetPosted<TThread>(ref TThread thread, Stage2VcpuState<TOrdering> vcpu, in Wanted wanted, Stage2PteFlags flags)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Errno error = Stage2Attributes.TryEncode(wanted.Protection, Options.HasForcedWriteBack, out Stage2Attributes attributes);
        if (error != Errno.None)
            return error;

        ulong mask = (1UL << wanted.Shift) - 1;
        ulong ipa = wanted.Ipa & ~mask, address = wanted.Address & ~mask;
        Stage2Replaced replaced;
        if (wanted.Shift == PageShift)
        {
            error = _posted.SetPage(ref thread, ipa, address, attributes, vcpu.Cache, flags, out replaced);
            vcpu.Counts.Pages += error == Errno.None ? 1UL : 0;
        }
        else
        {
            error = _posted.SetBlock(ref thread, ipa, address, attributes, vcpu.Cache, out replaced);
            vcpu.Counts.Blocks += error == Errno.None ? 1UL : 0;
        }

        Count(ref vcpu.Counts, replaced);
        return error;
    }
}
