using RingKit.Mmu.Guest;
using RingKit.Mmu.Guest.Translation;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Machine;

/// <summary>The processors' side of a hashed page table: a TLB miss searches it, sets R and C, or faults.</summary>
/// <remarks>
/// A TLB remembers that C is set, and stores through it no more: a harvest that clears C without a tlbie loses writes here as it would on hardware. With
/// <see cref="HashTableOptions.DelaysChanged"/> it also puts off setting C until it drops the translation, which the architecture allows.
/// </remarks>
internal sealed class HashMmu(VirtualMachine machine, Book3sHvCore<HardwareOrdering> hypervisor) : IMmu
{
    private readonly GuestKernel _kernel = new(machine, hypervisor, hypervisor.Options.GuestPageSize);
    private readonly MmioCache[] _mmioCaches = [.. Enumerable.Range(0, machine.VcpuCount).Select(_ => new MmioCache())];
    private readonly bool _delaysChanged = hypervisor.Options.DelaysChanged;

    /// <summary>What a vCPU remembers of devices.</summary>
    public MmioCache MmioCacheOf(int vcpu) => _mmioCaches[vcpu];

    /// <summary>What stands behind the table.</summary>
    public Book3sHvCore<HardwareOrdering> Hypervisor => hypervisor;

    /// <inheritdoc/>
    public VcpuExit Translate(Vcpu vcpu, ulong page, bool write, out TlbEntry entry, out ulong source)
    {
        VirtualAddress address = _kernel.Translate(page << GuestPage.Shift);
        while (true)
        {
            Dsisr status = Dsisr.NoEntry;
            if (page <= ulong.MaxValue >> GuestPage.Shift && hypervisor.TryTranslate(address, out ulong index, out Hpte hpte))
            {
                if (PageProtection.Allows(hpte, storageKey: false, write))
                    return Grant(page, index, hpte, write, out entry, out source);
                status = Dsisr.Protection;
            }

            vcpu.CountFault();
            VcpuExit exit = Fault(vcpu, new StorageFault(address, write ? status | Dsisr.Store : status));
            if (write && status == Dsisr.Protection && hypervisor.LogsByFaults)
                vcpu.CountRecord();
            if (exit != VcpuExit.None)
            {
                entry = default;
                source = 0;
                return exit;
            }
        }
    }

    /// <inheritdoc/>
    public void WriteBack(ulong source) => hypervisor.Table.SetByHardware(source - 1, HpteR.Changed);

    /// <inheritdoc/>
    public void WriteProtect(MemorySlot slot, ulong baseOffset, ulong mask) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void WriteProtectAll(MemorySlot slot) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void TlbsFlushed()
    {
        // The log counts it.
    }

    /// <inheritdoc/>
    public void LogStarted(MemorySlot slot) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void LogStopped(MemorySlot slot) => throw new NotSupportedException();

    // Faults and hypercalls find no memory there from here on. The entries stay until C was harvested: they grant nothing, as the vCPU looks at the slot.
    /// <inheritdoc/>
    public void SlotRemoving(MemorySlot slot) => hypervisor.HideSlot(hypervisor.Slots[slot.Ordinal]);

    /// <inheritdoc/>
    public void SlotRemoved(MemorySlot slot)
    {
        var thread = new MachineThread(machine, machine.CurrentVcpu);
        hypervisor.UnmapSlot(ref thread, hypervisor.Slots[slot.Ordinal]);
    }

    /// <inheritdoc/>
    public void SlotReturning(MemorySlot slot)
    {
        var thread = new MachineThread(machine, machine.CurrentVcpu);
        hypervisor.SetSlot(ref thread, slot.Id, isSet: true);
    }

    /// <inheritdoc/>
    public void Dispose() => hypervisor.Dispose();

    // The entry was valid a moment ago. Whoever takes it away since then waits for the end of this vCPU's step, or for its answer, before he reads R
    // again or lets anyone reuse the entry: so R and C may still be set, and the page be used until then.
    private VcpuExit Grant(ulong page, ulong index, Hpte hpte, bool write, out TlbEntry entry, out ulong source)
    {
        entry = default;
        source = MachineThread.SourceOf(index);
        if (!TryHostPage(hpte, page << GuestPage.Shift, out nuint host))
            return VcpuExit.NoMemory;

        ulong earned = write && !_delaysChanged ? HpteR.ReferencedChanged : HpteR.Referenced;
        if ((hpte.R & earned) != earned)
            hypervisor.Table.SetByHardware(index, earned);

        bool isChanged = (hpte.R & HpteR.Changed) != 0;
        if (write && _delaysChanged && !isChanged)
            source |= Tlb.Pending;
        entry = TlbEntry.For(page, host, writable: write || (isChanged && PageProtection.Allows(hpte, storageKey: false, isStore: true)));
        return VcpuExit.None;
    }

    // From the host's real address, a number of the simulation, to the slot's memory. It is checked here: the words come from a table in shared memory.
    private bool TryHostPage(Hpte hpte, ulong address, out nuint host)
    {
        ulong inside = hpte.PageSize is { } size ? size.Bytes - 1 : 0;
        ulong real = (hpte.Rpn & ~inside) | (address & inside & ~GuestPage.OffsetMask);
        foreach (HashSlot<HardwareOrdering> slot in hypervisor.Slots)
        {
            ulong offset = real - slot.HostAddress;
            if (offset < slot.PageCount << hypervisor.Options.PageShift)
            {
                host = slot.Memory.HostAddress(offset);
                return true;
            }
        }

        host = 0;
        return false;
    }

    private VcpuExit Fault(Vcpu vcpu, in StorageFault fault)
    {
        var thread = new MachineThread(machine, vcpu);
        MmioCache cache = _mmioCaches[vcpu.Id];
        FirstLevelFault judged = hypervisor.JudgeFault(ref thread, fault, cache);
        switch (judged.Outcome)
        {
            case FaultOutcome.Retry:
                return VcpuExit.None;
            case FaultOutcome.Reflect when (judged.Status & Dsisr.NoEntry) != Dsisr.None:
                return _kernel.TryMap(ref thread, fault.Address) ? VcpuExit.None : VcpuExit.NoMemory;
            case FaultOutcome.Reflect:
                return VcpuExit.GuestFault;
            default:
                return hypervisor.HandlePageFault(ref thread, fault, judged.Snapshot, cache) switch
                {
                    PageFaultOutcome.Mmio or PageFaultOutcome.NoHostPage => VcpuExit.NoMemory,
                    _ => VcpuExit.None,
                };
        }
    }
}
