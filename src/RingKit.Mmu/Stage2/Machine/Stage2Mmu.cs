using System.Runtime.CompilerServices;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Guest.Translation;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Machine;

/// <summary>The processors' side of a stage-2 table: a TLB miss walks it, sets AF, or leaves the guest for the fault handler and walks again.</summary>
/// <remarks>
/// TLBs keep 4 KiB of a block at a time, and drop by address whatever level the translation came from: an invalidation with a level hint drops no less than it
/// must. A store through a translation that is read-only walks before it faults, as if the TLB had lost it a moment earlier, which hardware may do at any time.
/// </remarks>
internal sealed class Stage2Mmu : IMmu
{
    private readonly VirtualMachine _machine;
    private readonly Stage2VcpuState<HardwareOrdering>[] _states;
    private readonly Stage2Tally[] _tallies;
    private readonly Stage2Tally _hostTally = new(isShared: true);

    /// <summary>The processors of a machine.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="hypervisor">What stands behind its table, which this disposes, and its host process.</param>
    public Stage2Mmu(VirtualMachine machine, Stage2HvCore<HardwareOrdering> hypervisor)
    {
        _machine = machine;
        Hypervisor = hypervisor;
        _states = [.. Enumerable.Range(0, machine.VcpuCount).Select(_ => hypervisor.CreateVcpuState())];
        _tallies = [.. Enumerable.Range(0, machine.VcpuCount).Select(_ => new Stage2Tally(isShared: false))];
    }

    /// <summary>The processors of a machine whose host process has each slot in anonymous memory of its own.</summary>
    public static Stage2Mmu Over(VirtualMachine machine, Stage2Options options)
    {
        Stage2Options.Check(options);
        var host = new HostSpace<HardwareOrdering>();
        try
        {
            List<Stage2Slot> slots = [];
            ulong gigabyte = Stage2Geometry.SizeAt(1), end = gigabyte;
            foreach (MemorySlot memory in machine.Memory.Slots)
            {
                // IPAs and the host's addresses agree in all that a block's size looks at.
                ulong address = end + ((memory.BaseGfn << GuestPage.Shift) & (gigabyte - 1));
                var slot = new Stage2Slot(memory, address, isReadOnly: false);
                end = (address + slot.Size + gigabyte - 1) & ~(gigabyte - 1);
                host.Add(new HostRegionSettings(slot.UserspaceAddress, slot.Size) { HasHugePages = options.HasHugePages, Memory = memory });
                slots.Add(slot);
            }

            return new Stage2Mmu(machine, new Stage2HvCore<HardwareOrdering>(options, slots, host));
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>What stands behind the table.</summary>
    public Stage2HvCore<HardwareOrdering> Hypervisor { get; }

    /// <summary>What it has cost so far; exact when no vCPU is in the guest.</summary>
    public Stage2Statistics Statistics
    {
        get
        {
            Stage2Statistics sum = _hostTally.Value with { SplitBlocks = Hypervisor.LogCounts.Splits };
            for (int i = 0; i < _tallies.Length; i++)
                sum += _tallies[i].Value + Of(_states[i].Counts);
            return sum;
        }
    }

    /// <inheritdoc/>
    public VcpuExit Translate(Vcpu vcpu, ulong page, bool write, out TlbEntry entry, out ulong source)
    {
        // There is no name to drop it by: TLBs of this machine drop by address.
        source = 0;
        ulong ipa = page << GuestPage.Shift;
        for (bool tried = false; ; tried = true)
        {
            Stage2Walk walk = Hypervisor.Table.Walk(ipa);
            ulong needed = Stage2Attributes.AccessBit | (write ? Stage2Attributes.WriteBit : Stage2Attributes.ReadBit);
            if (walk.IsMapped && (walk.Descriptor.Raw & needed) == needed)
                return Grant(page, walk, out entry);

            VcpuExit exit = Miss(vcpu, ipa, walk, write, tried);
            if (exit != VcpuExit.None)
            {
                entry = default;
                return exit;
            }
        }
    }

    /// <inheritdoc/>
    public void WriteBack(ulong source)
    {
        // Nothing is ever pending: AF is set before the vCPU remembers an entry, and nothing sets the write permission but a fault.
    }

    /// <inheritdoc/>
    public void WriteProtect(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        Stage2MachineThread thread = Here();
        Hypervisor.Lock.Enter(ref thread);
        try
        {
            Hypervisor.ProtectMasked(ref thread, SlotOf(slot), baseOffset, mask);
        }
        finally
        {
            Hypervisor.Lock.Exit();
        }
    }

    /// <inheritdoc/>
    public void WriteProtectAll(MemorySlot slot)
    {
        Stage2MachineThread thread = Here();
        Hypervisor.Lock.Enter(ref thread);
        try
        {
            Hypervisor.ProtectSlot(ref thread, SlotOf(slot));
        }
        finally
        {
            Hypervisor.Lock.Exit();
        }
    }

    /// <inheritdoc/>
    public void LogStarted(MemorySlot slot) => SplitBlocks(slot, firstPage: 0, slot.PageCount);

    /// <inheritdoc/>
    public void SplitBlocks(MemorySlot slot, ulong firstPage, ulong count)
    {
        Stage2MachineThread thread = Here();
        Hypervisor.Lock.Enter(ref thread);
        try
        {
            Hypervisor.SplitAhead(ref thread, SlotOf(slot), firstPage, count);
        }
        finally
        {
            Hypervisor.Lock.Exit();
        }
    }

    // What is read-only stays so until it is written, and tables stay until a fault may map a block over them.
    /// <inheritdoc/>
    public void LogStopped(MemorySlot slot) => Hypervisor.EndSplitting();

    // Faults that have not looked at the slot again find that they were overtaken. What was mapped writable is recorded already.
    /// <inheritdoc/>
    public void SlotRemoving(MemorySlot slot)
    {
        Stage2MachineThread thread = Here();
        Stage2Slot removed = SlotOf(slot);
        Hypervisor.InvalidateRange(ref thread, removed.UserspaceAddress, removed.Size);
    }

    /// <inheritdoc/>
    public void TlbsFlushed()
    {
        Tally(_machine.CurrentVcpu).CountAll();
        if (Hypervisor.Options.Checker is not { } checker)
            return;
        lock (checker)
            checker.InvalidatedAll();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Stage2VcpuState<HardwareOrdering> state in _states)
            state.Dispose();
        Hypervisor.Dispose();
        Hypervisor.Host.Dispose();
    }

    /// <summary>The calling thread, as the hypervisor's code wants it.</summary>
    public Stage2MachineThread Here() => ThreadOf(_machine.CurrentVcpu);

    private Stage2Slot SlotOf(MemorySlot slot) => Hypervisor.Slots[slot.Ordinal];

    private Stage2MachineThread ThreadOf(Vcpu? vcpu) => new(_machine, vcpu, Tally(vcpu), Hypervisor.Options.Checker);

    private Stage2Tally Tally(Vcpu? vcpu) => vcpu is null ? _hostTally : _tallies[vcpu.Id];

    // The walk is whole: nothing was invalidated since, as this vCPU answers none before it uses what it found.
    private VcpuExit Grant(ulong page, in Stage2Walk walk, out TlbEntry entry)
    {
        if (!Hypervisor.Host.TryFindBytes(walk.OutputAddress(page << GuestPage.Shift), out MemorySlot? slot, out ulong offset) || slot is null)
        {
            entry = default;
            return VcpuExit.NoMemory;
        }

        entry = TlbEntry.For(page, slot.HostAddress(offset), walk.Descriptor.IsWritable);
        return VcpuExit.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private VcpuExit Miss(Vcpu vcpu, ulong ipa, in Stage2Walk walk, bool write, bool tried)
    {
        Stage2MachineThread thread = ThreadOf(vcpu);
        Stage2FaultClass reason = Classify(walk);
        if (reason == Stage2FaultClass.AccessFlag && Hypervisor.Options.HasHardwareAccessFlag)
        {
            Hypervisor.Table.SetYoung(ref thread, ipa);
            return VcpuExit.None;
        }

        // Somebody else is at work there: he may wait for this vCPU.
        if (tried)
            thread.Relax();

        // Room first: once the entry is writable another vCPU may store through it, and relies on this one's record.
        VcpuExit exit = write ? vcpu.ExitBeforeRecord(_machine.DirtyLog) : VcpuExit.None;
        if (exit != VcpuExit.None)
            return exit;

        vcpu.CountFault();
        var fault = new Stage2Fault(ipa, reason, walk.Level, write ? Stage2Access.Store : Stage2Access.Load);
        return Hypervisor.HandleFault(ref thread, _states[vcpu.Id], fault) switch
        {
            Stage2FaultOutcome.Resume => VcpuExit.None,
            Stage2FaultOutcome.Mmio => VcpuExit.NoMemory,
            Stage2FaultOutcome.HostFault => VcpuExit.HostFault,
            _ => VcpuExit.GuestFault,
        };
    }

    // As the architecture ranks them.
    private static Stage2FaultClass Classify(in Stage2Walk walk)
    {
        if (!walk.IsMapped)
            return Stage2FaultClass.Translation;
        return walk.Descriptor.IsAccessed ? Stage2FaultClass.Permission : Stage2FaultClass.AccessFlag;
    }

    private static Stage2Statistics Of(in Stage2FaultCounts counts) => new()
    {
        TranslationFaults = counts.Translation,
        AccessFlagFaults = counts.AccessFlag,
        PermissionFaults = counts.Permission,
        Relaxed = counts.Relaxed,
        Retries = counts.Retries,
        Refused = counts.Refused,
        MappedPages = counts.Pages,
        MappedBlocks = counts.Blocks,
        DissolvedBlocks = counts.Dissolved,
        CollapsedTables = counts.Collapsed,
    };
}
