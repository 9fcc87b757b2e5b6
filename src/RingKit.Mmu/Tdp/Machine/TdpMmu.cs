using RingKit.Mmu.Guest;
using RingKit.Mmu.Guest.Translation;
using RingKit.Mmu.Tdp.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp.Machine;

/// <summary>The processors' side of x86's second level: a TLB miss walks the table, sets A and D, or leaves the guest for a fault.</summary>
/// <remarks>
/// A TLB remembers that D is set, and stores through it no more: a harvest that clears D without a flush loses writes here as it would on hardware. Whatever
/// takes a vCPU out of the guest drains its modification log.
/// </remarks>
internal sealed class TdpMmu : IMmu
{
    private readonly VirtualMachine _machine;
    private readonly TdpVcpuState<HardwareOrdering>[] _vcpus;
    private readonly ulong _privateFrameBit;

    public TdpMmu(VirtualMachine machine, TdpHvCore<HardwareOrdering> hypervisor)
    {
        _machine = machine;
        Hypervisor = hypervisor;
        _vcpus = [.. Enumerable.Range(0, machine.VcpuCount).Select(_ => hypervisor.CreateVcpuState())];
        _privateFrameBit = hypervisor.Options.PrivateAddressBit == 0 ? 0 : 1UL << (hypervisor.Options.PrivateAddressBit - GuestPage.Shift);
    }

    /// <summary>What stands behind the table.</summary>
    public TdpHvCore<HardwareOrdering> Hypervisor { get; }

    /// <summary>What a vCPU's faults came to.</summary>
    public TdpFaultCounts CountsOf(int vcpu) => _vcpus[vcpu].Counts;

    /// <inheritdoc/>
    public int RecordsPerExit =>
        Hypervisor.Options.LogMethod == TdpLogMethod.ModificationLog ? PageModificationLog<HardwareOrdering>.Capacity : 0;

    /// <inheritdoc/>
    public VcpuExit Translate(Vcpu vcpu, ulong page, bool write, out TlbEntry entry, out ulong source)
    {
        entry = default;
        source = 0;
        ulong gfn = page & ~_privateFrameBit;
        bool? isPrivate = _privateFrameBit == 0 ? null : (page & _privateFrameBit) != 0;
        if (gfn >= TdpGeometry.FrameEnd)
            return VcpuExit.NoMemory;

        var access = new TdpAccess(gfn, write, IsPrivate: isPrivate);
        TdpVcpuState<HardwareOrdering> state = _vcpus[vcpu.Id];
        while (true)
        {
            PageModificationLog<HardwareOrdering>? log = Hypervisor.ProcessorLogs ? state.Log : null;
            switch (Hypervisor.Table.Access(access, log, out Spte spte, out int level))
            {
                case TdpAccessResult.Granted:
                    return Grant(page, gfn, spte, level, write, out entry);
                case TdpAccessResult.LogFull:
                    state.Counts.FullLogs++;
                    Exit(vcpu);
                    VcpuExit leave = ExitBeforeEntry(vcpu);
                    if (leave != VcpuExit.None)
                        return leave;
                    break;
                default:
                    VcpuExit exit = Fault(vcpu, state, access);
                    if (exit != VcpuExit.None)
                        return exit;
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void WriteBack(ulong source)
    {
        // Nothing is ever pending: D is set before the vCPU remembers it.
    }

    /// <inheritdoc/>
    public void WriteProtect(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        TdpThread thread = ThisThread;
        Hypervisor.Lock.Enter(ref thread);
        Hypervisor.ProtectMasked(Hypervisor.Slots[slot.Ordinal], baseOffset, mask);
        Hypervisor.Lock.Exit();
    }

    /// <inheritdoc/>
    public void LogStarting(MemorySlot slot)
    {
        TdpThread thread = ThisThread;
        Errno error = Hypervisor.RaiseLogging(ref thread, Hypervisor.Slots[slot.Ordinal]);
        if (error != Errno.None)
            throw new InvalidOperationException($"Slot {slot.Id} cannot be logged: {error}.");
    }

    /// <inheritdoc/>
    public void WriteProtectAll(MemorySlot slot)
    {
        TdpThread thread = ThisThread;
        Hypervisor.Lock.Enter(ref thread);
        Hypervisor.ProtectSlot(Hypervisor.Slots[slot.Ordinal]);
        Hypervisor.Lock.Exit();
    }

    /// <inheritdoc/>
    public void TlbsFlushed()
    {
        // The log counts it.
    }

    /// <inheritdoc/>
    public void LogStarted(MemorySlot slot)
    {
        // Large leaves were split, or protected, with the rest.
    }

    /// <inheritdoc/>
    public void LogStopped(MemorySlot slot)
    {
        TdpThread thread = ThisThread;
        Hypervisor.StopLogging(ref thread, Hypervisor.Slots[slot.Ordinal]);
    }

    // What was mapped writable is recorded, or in a modification log, which the flush of all TLBs that follows drains.
    /// <inheritdoc/>
    public void SlotRemoving(MemorySlot slot)
    {
        TdpThread thread = ThisThread;
        Hypervisor.BeginInvalidation(ref thread, slot.BaseGfn, slot.BaseGfn + slot.PageCount);
        Hypervisor.EndInvalidation(ref thread);
    }

    /// <inheritdoc/>
    public void Exit(Vcpu vcpu)
    {
        TdpVcpuState<HardwareOrdering> state = _vcpus[vcpu.Id];
        if (state.Log.Count == 0)
            return;
        var sink = new MarkingSink(this, new TdpThread(_machine, vcpu));
        state.Counts.Drained += (uint)state.Log.Drain(ref sink);
    }

    /// <inheritdoc/>
    public void BringInRecords()
    {
        if (Hypervisor.ProcessorLogs)
            _machine.Shootdown.Nothing();
    }

    /// <summary>Drops what all vCPUs remember of a range of guest frames, by either kind of access.</summary>
    public void Flush(ulong firstGfn, ulong endGfn)
    {
        if (_privateFrameBit == 0)
            _machine.Shootdown.Range(firstGfn, endGfn - firstGfn);
        else
            _machine.Shootdown.All();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TdpVcpuState<HardwareOrdering> vcpu in _vcpus)
            vcpu.Dispose();
        Hypervisor.Dispose();
    }

    private TdpThread ThisThread => new(_machine, _machine.CurrentVcpu);

    // The entry granted it a moment ago. Whoever takes it away since then waits for the end of this vCPU's step, or for its answer, before he lets the page be
    // read: so it may be used until then.
    private VcpuExit Grant(ulong page, ulong gfn, Spte spte, int level, bool write, out TlbEntry entry)
    {
        entry = default;
        ulong frame = spte.Frame + (gfn & (TdpGeometry.PagesAt(level) - 1));
        if (!Hypervisor.Frames.TryPointer(frame, out nuint host))
            return VcpuExit.NoMemory;
        bool isWritable = write || (spte.IsWritable && (spte.IsDirty || spte.AccessDirty == SpteAccessDirty.Disabled));
        entry = TlbEntry.For(page, host, isWritable);
        return VcpuExit.None;
    }

    private VcpuExit Fault(Vcpu vcpu, TdpVcpuState<HardwareOrdering> state, in TdpAccess access)
    {
        vcpu.CountFault();
        Exit(vcpu);

        // Room first: once the entry is writable another vCPU may store through it, and relies on this one's record.
        VcpuExit exit = ExitBeforeEntry(vcpu);
        if (exit != VcpuExit.None)
            return exit;
        var thread = new TdpThread(_machine, vcpu);
        switch (Hypervisor.HandleFault(ref thread, state, access))
        {
            case TdpFaultOutcome.NoSlot or TdpFaultOutcome.ReadOnly:
                return VcpuExit.NoMemory;
            case TdpFaultOutcome.MemoryFault:
                return VcpuExit.MemoryFault;
            case TdpFaultOutcome.NoMemory:
                return VcpuExit.HostFault;
            case TdpFaultOutcome.Retry:
                thread.Relax();
                return VcpuExit.None;
            default:
                return VcpuExit.None;
        }
    }

    // As KVM enters the guest again: not while the ring is soft full, whose reserve is for what one exit brings.
    private VcpuExit ExitBeforeEntry(Vcpu vcpu) =>
        _machine.DirtyLog is { } log && (log.NeedsHarvest(vcpu) || !log.CanRecord(vcpu)) ? VcpuExit.DirtyRingFull : vcpu.QuotaExit;

    private struct MarkingSink(TdpMmu mmu, TdpThread thread) : IModificationSink
    {
        public void Accept(ulong gfn)
        {
            if (mmu.Hypervisor.FindSlot(gfn) is { } slot)
                thread.MarkDirty(slot.Memory, gfn - slot.FirstGfn);
        }
    }
}
