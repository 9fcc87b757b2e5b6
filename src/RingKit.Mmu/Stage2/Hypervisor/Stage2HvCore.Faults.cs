namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Faults: what becomes of an access that stage 2 does not let through.</summary>
/// <remarks>Source: KVM's <c>kvm_handle_guest_abort</c>, whose order of checks this is.</remarks>
internal sealed partial class Stage2HvCore<TOrdering>
{
    /// <summary>For tests: what somebody else does while a fault is at a step.</summary>
    internal Action<Stage2FaultStep>? Overtakes { get; set; }

    /// <summary>Handles a fault.</summary>
    /// <remarks>What it maps writable in a slot that is logged it records, after the mapping succeeded and before it returns.</remarks>
    /// <param name="thread">The vCPU's thread, outside the guest.</param>
    /// <param name="vcpu">What its faults need.</param>
    /// <param name="fault">The fault.</param>
    /// <returns>What the vCPU does next. To resume may be to fault again, as when somebody else was at work there.</returns>
    public Stage2FaultOutcome HandleFault<TThread>(ref TThread thread, Stage2VcpuState<TOrdering> vcpu, in Stage2Fault fault)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        bool isKnown = Count(ref vcpu.Counts, fault.Class);
        if (!Table.Geometry.Holds(fault.Ipa))
            return Refuse(vcpu, fault.Kind == Stage2Access.Fetch ? Stage2FaultOutcome.InstructionAbort : Stage2FaultOutcome.DataAbort);

        // AF is never cleared in 2014, so its fault is none that the handler knows.
        bool isPosted = Options.Generation == Stage2Generation.Posted2014;
        if (!isKnown || (isPosted && fault.Class == Stage2FaultClass.AccessFlag))
            return Refuse(vcpu, Stage2FaultOutcome.HostFault);

        Stage2Slot? slot = FindSlot(fault.Ipa) is { Memory.IsRemoved: false } found ? found : null;
        if (slot is null || (fault.IsWrite && slot.IsReadOnly))
            return Refuse(vcpu, WithoutMemory(fault.Kind, hasSlot: slot is not null));
        if (fault.Class == Stage2FaultClass.AccessFlag)
            return SetYoung(ref thread, fault.Ipa);
        return isPosted ? MapPosted(ref thread, vcpu, in fault, slot) : MapCurrent(ref thread, vcpu, in fault, slot);
    }

    private static bool Count(ref Stage2FaultCounts counts, Stage2FaultClass kind)
    {
        switch (kind)
        {
            case Stage2FaultClass.Translation:
                counts.Translation++;
                return true;
            case Stage2FaultClass.AccessFlag:
                counts.AccessFlag++;
                return true;
            case Stage2FaultClass.Permission:
                counts.Permission++;
                return true;
            default:
                return false;
        }
    }

    private static Stage2FaultOutcome Refuse(Stage2VcpuState<TOrdering> vcpu, Stage2FaultOutcome outcome)
    {
        vcpu.Counts.Refused++;
        return outcome;
    }

    private static Stage2FaultOutcome Retry(Stage2VcpuState<TOrdering> vcpu)
    {
        vcpu.Counts.Retries++;
        return Stage2FaultOutcome.Resume;
    }

    // An access to a device that the user simulates, unless it is of a kind that he cannot.
    private static Stage2FaultOutcome WithoutMemory(Stage2Access kind, bool hasSlot) => kind switch
    {
        Stage2Access.Fetch => Stage2FaultOutcome.InstructionAbort,
        Stage2Access.GuestWalk => Stage2FaultOutcome.DataAbort,
        Stage2Access.CacheMaintenance when !hasSlot => Stage2FaultOutcome.Skip,
        _ => Stage2FaultOutcome.Mmio,
    };

    private Stage2FaultOutcome SetYoung<TThread>(ref TThread thread, ulong ipa)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock.EnterShared(ref thread);
        Table.SetYoung(ref thread, ipa);
        Lock.ExitShared();
        return Stage2FaultOutcome.Resume;
    }

    // Whether faults treat the slot as logged. A log of a read-only slot stays empty, so it may have blocks.
    private bool Logs(Stage2Slot slot) => slot.Memory.LogsDirtyPages && (!slot.IsReadOnly || Has(Stage2Defects.LogsReadOnlySlots));

    private bool Has(Stage2Defects defect) => (Options.Defects & defect) != Stage2Defects.None;

    // The slot's address and the host's agree in what is below the size, and the slot holds all of it.
    private bool AllowsBlock(Stage2Slot slot, ulong ipa, int shift)
    {
        ulong size = 1UL << shift, first = ipa & ~(size - 1);
        if (((slot.BaseIpa ^ slot.UserspaceAddress) & (size - 1)) != 0)
            return false;
        return (first >= slot.BaseIpa && first - slot.BaseIpa + size <= slot.Size) || Has(Stage2Defects.MapsBeyondSlot);
    }
}
