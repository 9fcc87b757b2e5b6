using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>
/// Why <see cref="SelfTestExceptions.UnretiredStore"/> is granted to some rings and to no other log: a vCPU that has recorded a page, and finds it taken
/// away again before it has stored, asks for room once more; if there is none it leaves, and the page is reported with its old contents.
/// </summary>
public sealed class UnretiredStores : IDisposable
{
    private const ulong Gfn = 4;
    private readonly GuestMemory _memory = new();
    private readonly MemorySlot _slot;

    public UnretiredStores() => _slot = _memory.AddSlot(0, 0, 600);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Over_the_flat_table_a_fault_grants_the_store_that_it_has_recorded()
    {
        using var machine = new VirtualMachine(_memory);
        (VcpuExit exit, ulong value) = StoreWhilePagesGo(machine, log => log.Clear());
        Assert.Equal((VcpuExit.None, 1ul), (exit, value));
    }

    [Fact]
    public void Over_stage_2_a_ring_has_to_be_full_to_its_last_entry()
    {
        using var machine = new VirtualMachine(_memory, 1, new Stage2Options());
        (VcpuExit exit, ulong value) = StoreWhilePagesGo(machine, _ => machine.Stage2!.Invalidate(Gfn));
        Assert.Equal((VcpuExit.DirtyRingFull, 0ul), (exit, value));
    }

    [Fact]
    public void Over_tdp_the_soft_limit_is_enough()
    {
        using var machine = new VirtualMachine(_memory, 1, new TdpOptions());
        (VcpuExit exit, ulong value) = StoreWhilePagesGo(
            machine, _ => machine.Tdp!.SetHostLevel(_slot, Gfn, 1, MappingLevel.Size4K), ringEntries: 64, reservedEntries: 63);
        Assert.Equal((VcpuExit.DirtyRingFull, 0ul), (exit, value));
    }

    [Fact]
    public void A_store_across_two_pages_of_which_one_has_room_has_not_happened_over_any_table()
    {
        using var machine = new VirtualMachine(_memory);
        using var log = new RingDirtyLog(machine, ringEntries: 1, reservedEntries: 0);
        log.Start();
        Assert.Equal(VcpuExit.DirtyRingFull, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(((Gfn + 1) << 12) - 4, ulong.MaxValue)));
        Assert.Equal([(0u, Gfn)], DirtySet.Harvest(log));
        Assert.Equal(-1, _slot.Memory.AsSpan().IndexOfAnyExcept((byte)0));
    }

    /// <summary>Stores to a page that somebody takes away each time that it has been recorded, and before it is stored to.</summary>
    private (VcpuExit Exit, ulong Value) StoreWhilePagesGo(VirtualMachine machine, Action<IDirtyLog> takeAway, int ringEntries = 2, int reservedEntries = 1)
    {
        // Mapped before, so that under logging the first store faults for want of permission.
        Assert.Equal(VcpuExit.None, Store(machine, 0));
        using var ring = new RingDirtyLog(machine, ringEntries, reservedEntries);
        ring.Start();
        machine.Detach(ring);
        machine.Attach(new FaultAgainstHarvest.Interloper(ring) { AfterRecord = () => takeAway(ring) });
        VcpuExit exit = Store(machine, 1);
        machine.Detach(machine.DirtyLog!);
        machine.Attach(ring);
        ulong value = BitConverter.ToUInt64(_slot.Memory.AsSpan()[(int)(Gfn << GuestPage.Shift)..]);
        if (exit != VcpuExit.None)
            Assert.Equal([(0u, Gfn)], DirtySet.Harvest(ring));
        return (exit, value);
    }

    private static VcpuExit Store(VirtualMachine machine, ulong value) =>
        GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(Gfn << GuestPage.Shift, value));
}
