using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>Pages that are written while no vCPU runs, as a GIC that saves its tables does: rings are vCPUs', so a bitmap takes them, if it is expected.</summary>
public sealed class RingWithBitmapTests
{
    [Fact]
    public void Without_a_vcpu_a_page_is_taken_by_the_bitmap_while_tables_are_saved_and_else_by_nobody()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 512), other = memory.AddSlot(5, 1024, 100);
        using var machine = new VirtualMachine(memory, 1, new Stage2Options());
        using var log = new RingDirtyLog(machine, ringEntries: 256, withBitmap: true);
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 1));
        log.Start();
        Assert.Empty(DirtySet.Harvest(log));
        Assert.Equal(Errno.Invalid, log.RecordWithoutVcpu(slot, 1));
        log.SavesTables = true;
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 3));
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(other, 99));
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(0x7000, 1ul)));
        Assert.Equal([(0u, 3ul), (0u, 7ul), (5u, 99ul)], DirtySet.Harvest(log));
        Assert.Empty(DirtySet.Harvest(log));
        log.SavesTables = false;
        Assert.Equal(Errno.Invalid, log.RecordWithoutVcpu(slot, 3));
        Assert.Empty(DirtySet.Harvest(log));
        log.SavesTables = true;
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 4));
        log.Stop();
        log.Start();
        Assert.Empty(DirtySet.Harvest(log));
        Assert.Throws<ArgumentNullException>("slot", () => log.RecordWithoutVcpu(null!, 0));
        Assert.Throws<ArgumentOutOfRangeException>("offset", () => log.RecordWithoutVcpu(other, 100));
    }

    [Fact]
    public void Without_bitmaps_a_page_that_no_vcpu_writes_is_refused()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 512);
        using var machine = new VirtualMachine(memory, 1, new Stage2Options());
        using var log = new RingDirtyLog(machine, ringEntries: 256) { SavesTables = true };
        log.Start();
        Assert.Equal(Errno.Invalid, log.RecordWithoutVcpu(slot, 1));
        Assert.Empty(DirtySet.Harvest(log));
        using var others = new GuestMemory();
        Assert.Throws<ArgumentException>("slot", () => log.RecordWithoutVcpu(others.AddSlot(0, 0, 1), 0));
    }
}
