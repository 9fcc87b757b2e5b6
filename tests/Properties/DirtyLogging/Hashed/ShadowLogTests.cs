using System.Runtime.CompilerServices;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Shadow;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Hashed;

/// <summary>The contract of every log for Book3S PR's, and what its harvests cost.</summary>
public sealed class ShadowLogTests() : DirtyLogContract(machine => new ShadowDirtyLog(machine), memory => Machine(memory))
{
    private const ulong Pages = 200;

    [Fact]
    public void A_clean_slot_costs_its_bitmap_and_one_written_page_all_of_its_mappings()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        memory.AddSlot(1, Pages, Pages);
        using VirtualMachine machine = Machine(memory);
        using var log = new ShadowDirtyLog(machine);
        log.Start();
        Touch(machine, store: false, 0, 1, 2, Pages);
        ulong bitmaps = 2 * sizeof(ulong) * ((Pages + 63) / 64);
        DirtyLogStatistics cost = CostOf(log, () => Assert.Empty(DirtySet.Harvest(log)));
        Assert.Equal((0ul, 0ul, bitmaps, 1ul), (cost.Entries, cost.Invalidations, cost.BytesTouched, cost.Harvests));

        // The store to a page that was loaded is a second fault, in place of the first one's mapping.
        cost = CostOf(log, () => Touch(machine, store: true, 2));
        Assert.Equal(1ul, cost.Faults);
        cost = CostOf(log, () => Assert.Equal([(0u, 2ul)], DirtySet.Harvest(log)));
        ulong entryBytes = (ulong)Unsafe.SizeOf<ShadowEntry>();
        Assert.Equal((4ul, 3ul, bitmaps + (4 * entryBytes)), (cost.Entries, cost.Invalidations, cost.BytesTouched));

        // The other slot's mapping is still there.
        Assert.Equal(0ul, CostOf(log, () => Touch(machine, store: false, Pages)).Faults);
        Assert.Equal(3ul, CostOf(log, () => Touch(machine, store: false, 0, 1, 2)).Faults);
    }

    [Fact]
    public void As_kvm_maps_them_loaded_pages_are_reported_too()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory, 1, new Book3sPrOptions { MapsLoadsForWriting = true });
        using var log = new ShadowDirtyLog(machine);
        log.Start();
        Touch(machine, store: false, 5);
        Assert.Equal(0ul, CostOf(log, () => Touch(machine, store: true, 5)).Faults);
        Touch(machine, store: false, 7);
        Assert.Equal([(0u, 5ul), (0u, 7ul)], DirtySet.Harvest(log));
        Assert.Empty(DirtySet.Harvest(log));
    }

    [Fact]
    public void Marks_outlive_the_mappings_that_the_guest_or_the_host_drops()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, Pages);
        using VirtualMachine machine = Machine(memory);
        using var log = new ShadowDirtyLog(machine);
        log.Start();
        Touch(machine, store: true, 5, 6);
        machine.Shadow!.Tlbie((5ul << GuestPage.Shift) + 17);
        machine.Shadow.Tlbie(ulong.MaxValue);
        Assert.Equal(1ul, machine.Shadow.PageOut(6));
        Assert.Equal(0ul, machine.Shadow.PageOut(Pages, ulong.MaxValue));
        Assert.Equal(2ul, CostOf(log, () => Touch(machine, store: false, 5, 6)).Faults);
        log.Record(machine.Vcpus[0], slot, 9);
        Assert.Equal([(0u, 5ul), (0u, 6ul), (0u, 9ul)], DirtySet.Harvest(log));
    }

    [Fact]
    public void Accesses_outside_all_slots_leave_the_guest()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using VirtualMachine machine = Machine(memory);
        Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(Pages << GuestPage.Shift, 1ul)));
        Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Load(ulong.MaxValue - 8, new byte[1])));
    }

    [Fact]
    public void A_log_fits_its_machine_or_is_refused()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 16);
        using var flat = new VirtualMachine(memory);
        using VirtualMachine hashed = HashTableDirtyLogContract.Machine(memory);
        using VirtualMachine shadow = Machine(memory);
        Assert.Throws<ArgumentException>("machine", () => new ShadowDirtyLog(flat));
        Assert.Throws<ArgumentException>("machine", () => new ShadowDirtyLog(hashed));
        Assert.Throws<ArgumentNullException>("machine", () => new ShadowDirtyLog(null!));
        Assert.Throws<ArgumentException>("machine", () => new HashTableDirtyLog(shadow, HashTableLogMethod.Walk));
        Assert.Throws<ArgumentException>("machine", () => new BitmapDirtyLog(shadow));
        Assert.Throws<ArgumentException>("machine", () => new RingDirtyLog(shadow));
        Assert.Throws<ArgumentNullException>("options", () => new VirtualMachine(memory, 1, (Book3sPrOptions)null!));
        Assert.Null(shadow.DirtyLog);
        Assert.Null(shadow.HashTable);
        Assert.Null(hashed.Shadow);
    }

    internal static VirtualMachine Machine(GuestMemory memory) => new(memory, vcpus: 2, new Book3sPrOptions());

    private static DirtyLogStatistics CostOf(ShadowDirtyLog log, Action action)
    {
        DirtyLogStatistics before = log.Statistics;
        action();
        return log.Statistics - before;
    }

    private static void Touch(VirtualMachine machine, bool store, params ulong[] gfns)
    {
        foreach (ulong gfn in gfns)
        {
            Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu =>
                store ? vcpu.Store(gfn << GuestPage.Shift, gfn) : vcpu.Load(gfn << GuestPage.Shift, new byte[8])));
        }
    }
}
