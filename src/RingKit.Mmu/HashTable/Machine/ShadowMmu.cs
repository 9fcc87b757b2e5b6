using RingKit.Mmu.Guest;
using RingKit.Mmu.Guest.Translation;
using RingKit.Mmu.HashTable.Shadow;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Machine;

/// <summary>The processors' side of Book3S PR: a TLB miss looks in the vCPU's part of the host's table, or has the page mapped.</summary>
/// <remarks>The guest's own table is the least there can be: addresses are frames of the same number, and it may write all of them.</remarks>
internal sealed class ShadowMmu : IMmu
{
    private readonly VirtualMachine _machine;

    public ShadowMmu(VirtualMachine machine, Book3sPrOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _machine = machine;
        Options = options;
        Core = new ShadowMmuCore<HardwareOrdering>(machine.Memory, machine.VcpuCount);
    }

    public Book3sPrOptions Options { get; }

    /// <summary>The mappings, and which frames they have made dirty.</summary>
    public ShadowMmuCore<HardwareOrdering> Core { get; }

    /// <inheritdoc/>
    public VcpuExit Translate(Vcpu vcpu, ulong page, bool write, out TlbEntry entry, out ulong source)
    {
        var thread = new MachineThread(_machine, vcpu);
        ShadowTranslation? found = Core.Find(ref thread, vcpu.Id, page);
        if (found is null || (write && !found.Value.MayWrite))
        {
            vcpu.CountFault();
            found = Core.Map(ref thread, vcpu.Id, page, gfn: page, mayWrite: write || Options.MapsLoadsForWriting);
            if (found is { MayWrite: true } && _machine.Memory.FindByGfn(page) is { LogsDirtyPages: true })
                vcpu.CountRecord();
        }

        // From here on nothing is answered: who drops this translation from the host's table waits for the end of this vCPU's step.
        if (found is not { } translation)
        {
            entry = default;
            source = 0;
            return VcpuExit.NoMemory;
        }

        entry = TlbEntry.For(page, HostPage(translation.Gfn), translation.MayWrite);
        source = MachineThread.SourceOf(translation.Handle);
        return VcpuExit.None;
    }

    /// <inheritdoc/>
    public void WriteBack(ulong source)
    {
        // Nothing is ever pending: a page is marked before it can be stored to.
    }

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

    // Marks stay, and nothing maps it from here on: Map looks at the slot under the cache's lock.
    /// <inheritdoc/>
    public void SlotRemoving(MemorySlot slot)
    {
        var thread = new MachineThread(_machine, _machine.CurrentVcpu);
        Core.Flush(ref thread, slot.BaseGfn, slot.PageCount);
    }

    /// <inheritdoc/>
    public void Dispose() => Core.Dispose();

    private nuint HostPage(ulong gfn)
    {
        MemorySlot slot = _machine.Memory.FindByGfn(gfn)!;
        return slot.HostAddress((gfn - slot.BaseGfn) << GuestPage.Shift);
    }
}
