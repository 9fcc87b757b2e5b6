using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Ordering;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>A store across two pages, whose second page faults: while it waits there, a harvest takes the translation of the first.</summary>
public sealed class CrossingAccess
{
    private const ulong First = 3;
    private const ulong Boundary = (First + 1) << GuestPage.Shift;

    [Fact]
    public void The_first_page_is_translated_anew_and_reported_again()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 16);
        using var machine = new VirtualMachine(memory, vcpus: 2, new HashTableOptions { Order = HptGeometry.MinimumOrder, BackingShift = 12 });
        using var log = new HashTableDirtyLog(machine, HashTableLogMethod.Walk);
        Vcpu vcpu = machine.Vcpus[0];
        log.Start();

        // Both pages have entries; the first is changed and in the TLB, the second is absent, and somebody holds it.
        Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, inside => inside.Store(Boundary - 4, 0x1111_1111_1111_1111ul)));
        Assert.Equal(1ul, machine.HashTable!.PageOut(First + 1));
        Book3sHvCore<HardwareOrdering> core = machine.HashTable.Core;
        ulong absent = Enumerable.Range(0, (int)core.Table.Geometry.EntryCount).Select(index => (ulong)index).Single(index => core.Table.Load(index).IsAbsent);
        var host = new MachineThread(machine, null);
        Hpte held = core.Table.Lock(absent, ref host);

        ulong faults = vcpu.Faults;
        var crew = new Crew(TimeSpan.FromSeconds(60));
        crew.Run(
            ("vCPU", () => Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, inside => inside.Store(Boundary - 4, 0x2222_2222_2222_2222ul)))),
            ("host", HarvestMeanwhile));
        Assert.Equal([(0u, First), (0u, First + 1)], DirtySet.Harvest(log));
        Assert.Equal(0x2222_2222_2222_2222ul, BitConverter.ToUInt64(slot.Memory.AsSpan()[((int)Boundary - 4)..]));
        ChainInvariant.Check(core);

        void HarvestMeanwhile()
        {
            for (int rounds = 0; vcpu.Faults == faults;)
                crew.Idle(ref rounds, "the fault at the second page");
            Assert.Contains((0u, First), DirtySet.Harvest(log));
            core.Table.Unlock(absent, held.V);
        }
    }
}
