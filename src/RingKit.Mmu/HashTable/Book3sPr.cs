using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Mmu.HashTable.Shadow;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable;

/// <summary>A machine's shadow mappings, as KVM's Book3S PR keeps them: for each vCPU the translations that it has used, up to 32768 of them.</summary>
/// <remarks>Thread role: any thread, concurrently with vCPUs and harvests. See docs/hash-table.md.</remarks>
public sealed class Book3sPr
{
    private readonly VirtualMachine _machine;
    private readonly ShadowMmu _mmu;

    internal Book3sPr(VirtualMachine machine, ShadowMmu mmu)
    {
        _machine = machine;
        _mmu = mmu;
    }

    /// <summary>How pages are mapped.</summary>
    public Book3sPrOptions Options => _mmu.Options;

    internal ShadowMmuCore<HardwareOrdering> Core => _mmu.Core;

    /// <summary>Does what a guest asks for by tlbie: every vCPU's mapping of a page is dropped, and the next access makes another.</summary>
    /// <param name="address">An effective address of the page; any value.</param>
    public void Tlbie(ulong address)
    {
        MachineThread thread = Here();
        foreach (Vcpu vcpu in _machine.Vcpus)
            Core.Unmap(ref thread, vcpu.Id, address >> GuestPage.Shift);
    }

    /// <summary>Takes pages away, as when the host is short of memory: their mappings are dropped, and the guest's next access brings them back.</summary>
    /// <param name="gfn">The first guest frame; frames outside the slots are passed over.</param>
    /// <param name="count">How many.</param>
    /// <returns>How many mappings were dropped.</returns>
    public ulong PageOut(ulong gfn, ulong count = 1)
    {
        MachineThread thread = Here();
        return Core.Flush(ref thread, gfn, count).Flushed;
    }

    private MachineThread Here() => new(_machine, _machine.CurrentVcpu);
}
