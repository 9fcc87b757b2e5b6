using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Clients;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.DirtyLogging.Writes;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging.Kvm;
using RingKit.Properties.DirtyLogging.Writes;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Clients;

/// <summary>What clients learn of pages that come to the log past its vCPUs, and of a second start.</summary>
public sealed class ClientNewsTests
{
    public static TheoryData<string> Names => WrittenMachines.Names;

    [Fact]
    public void A_client_is_told_of_pages_that_come_back_to_the_log()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 64);
        using var machine = new VirtualMachine(memory);
        using var log = new BitmapDirtyLog(machine);
        using var clients = new DirtyLogClients(machine);
        using DirtyLogClient client = clients.Join("display");
        client.Start();
        var script = new StoreScript([(5 << 12, 1)]);
        Assert.Equal(VcpuExit.Halted, machine.Vcpus[0].Run(ref script));
        Assert.Equal(Errno.None, machine.RemoveSlot(slot, out DirtyHarvest? last));
        Assert.Empty(DirtySet.Harvest(client));
        last!.Dispose();
        Assert.True(client.MayHavePages());
        Assert.Equal([(0u, 5ul)], DirtySet.Harvest(client));
        Assert.False(client.MayHavePages());
    }

    [Fact]
    public void A_client_is_told_of_pages_that_are_recorded_without_a_vcpu()
    {
        foreach (VcpulessWrites writes in (VcpulessWrites[])[VcpulessWrites.Bitmap, VcpulessWrites.LockedRing])
        {
            using var memory = new GuestMemory();
            memory.AddSlot(0, 0, 64);
            using var machine = new VirtualMachine(memory);
            using var log = new RingDirtyLog(machine, ringEntries: 64, reservedEntries: 8, writes);
            AssertTellsOf(machine, slot => log.RecordWithoutVcpu(slot, 5));
        }

        foreach (bool withBitmap in (bool[])[false, true])
        {
            using var rig = new KvmRig(ringEntries: 1024, profile: withBitmap ? KvmProfile.Arm64 : null, withBitmap: withBitmap, isLogged: false);
            AssertTellsOf(rig.Machine, slot => rig.Log.MarkPageDirty(slot, 5));
            AssertTellsOf(rig.Machine, slot =>
            {
                Errno marked = Errno.Invalid;
                GuestAction.Run(rig.Machine.Vcpus[0], _ =>
                {
                    marked = rig.Log.MarkPageDirty(slot, 5);
                    return VcpuExit.None;
                });
                return marked;
            });
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_client_that_is_on_is_started_once_more_and_loses_nothing(string name)
    {
        using var rig = new Rig(name);
        using var clients = new DirtyLogClients(rig.Machine);
        using DirtyLogClient client = clients.Join("display");
        client.Start();
        rig.Store(7);
        client.Start();
        Assert.Equal([(3u, 7ul)], DirtySet.Harvest(client));
    }

    private static void AssertTellsOf(VirtualMachine machine, Func<MemorySlot, Errno> record)
    {
        using var clients = new DirtyLogClients(machine);
        using DirtyLogClient client = clients.Join("display");
        client.Start();
        client.Clear();
        Assert.False(client.MayHavePages());
        MemorySlot slot = machine.Memory.Slots[0];
        Assert.Equal(Errno.None, record(slot));
        Assert.True(client.MayHavePages());
        Assert.Equal([(slot.Id, 5ul)], DirtySet.Harvest(client));
        Assert.False(client.MayHavePages());
    }
}
