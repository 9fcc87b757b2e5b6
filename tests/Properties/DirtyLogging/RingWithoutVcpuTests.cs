using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Writes;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>
/// Pages that are written while no vCPU runs, as a GIC that saves its tables does: rings are vCPUs', so each policy has a place of its own, or none.
/// </summary>
public sealed class RingWithoutVcpuTests
{
    [Fact]
    public void A_log_that_could_not_be_made_leaves_the_machine_without_one()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 64);
        using var machine = new VirtualMachine(memory, 1, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });

        // Right for the vCPUs' rings, which have the processor's 512 on top, and wrong for the machine's own.
        Assert.Throws<ArgumentOutOfRangeException>(() => new RingDirtyLog(machine, 1024, reservedEntries: -1, VcpulessWrites.LockedRing));
        Assert.Null(machine.DirtyLog);
        using var log = new RingDirtyLog(machine, 1024);
        Assert.Throws<InvalidOperationException>(() => new RingDirtyLog(machine, 1024));
        Assert.Same(log, machine.DirtyLog);
    }

    [Fact]
    public void A_bitmap_takes_what_no_vcpu_writes_and_counts_what_nobody_expected()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 512), other = memory.AddSlot(5, 1024, 100);
        using var machine = new VirtualMachine(memory, 1, new Stage2Options());
        using var log = new RingDirtyLog(machine, ringEntries: 256, vcpulessWrites: VcpulessWrites.Bitmap);
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 1));
        log.Start();
        Assert.Empty(DirtySet.Harvest(log));
        log.SavesTables = true;
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 3));
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(other, 99));
        Assert.Equal(0ul, log.UnexpectedWrites);
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(0x7000, 1ul)));
        Assert.Equal([(0u, 3ul), (0u, 7ul), (5u, 99ul)], DirtySet.Harvest(log));
        Assert.Empty(DirtySet.Harvest(log));

        // What was not expected is warned of, and goes the same way.
        log.SavesTables = false;
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 3));
        Assert.Equal(1ul, log.UnexpectedWrites);
        Assert.Equal([(0u, 3ul)], DirtySet.Harvest(log));
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 4));
        log.Stop();
        log.Start();
        Assert.Empty(DirtySet.Harvest(log));
        Assert.Throws<ArgumentNullException>("slot", () => log.RecordWithoutVcpu(null!, 0));
        Assert.Throws<ArgumentOutOfRangeException>("offset", () => log.RecordWithoutVcpu(other, 100));
    }

    [Fact]
    public void Where_nothing_can_take_it_a_page_that_no_vcpu_writes_is_refused()
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

    [Fact]
    public void A_locked_ring_takes_what_no_vcpu_writes_and_vcpu_0_pays()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 512);
        using var machine = new VirtualMachine(memory, vcpus: 2);
        using var log = new RingDirtyLog(machine, ringEntries: 32, reservedEntries: 8, vcpulessWrites: VcpulessWrites.LockedRing);
        log.Start();
        for (ulong page = 0; page < 23; page++)
            Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, page));
        Assert.Equal(0ul, log.KicksOfVcpu0);
        Assert.Equal(VcpuExit.None, Store(0, 100));

        // The soft limit: vCPU 0 has written one page, and has to leave all the same. vCPU 1 runs on.
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 23));
        Assert.Equal(1ul, log.KicksOfVcpu0);
        Assert.Equal(VcpuExit.DirtyRingFull, Store(0, 101));
        Assert.Equal(VcpuExit.None, Store(1, 102));
        for (ulong page = 24; page < 32; page++)
            Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, page));
        Assert.Equal(Errno.Busy, log.RecordWithoutVcpu(slot, 32));
        Assert.Equal(10ul, log.KicksOfVcpu0);

        Assert.Equal([.. Enumerable.Range(0, 32).Select(page => (0u, (ulong)page)), (0u, 100ul), (0u, 102ul)], DirtySet.Harvest(log));
        Assert.Equal(Errno.None, log.RecordWithoutVcpu(slot, 32));
        Assert.Equal(VcpuExit.None, Store(0, 101));
        Assert.Equal([(0u, 32ul), (0u, 101ul)], DirtySet.Harvest(log));

        VcpuExit Store(int vcpu, ulong page) => GuestAction.Run(machine.Vcpus[vcpu], self => self.Store(page << 12, 1ul));
    }

    [Fact]
    public void Many_writers_take_turns_at_the_locked_ring_and_none_is_lost()
    {
        const int Writers = 3, Pages = 4000;
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, Writers * Pages);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 64, reservedEntries: 16, vcpulessWrites: VcpulessWrites.LockedRing);
        log.Start();
        Thread[] writers = [.. Enumerable.Range(0, Writers).Select(writer => new Thread(() =>
        {
            for (ulong page = 0; page < Pages; page++)
            {
                while (log.RecordWithoutVcpu(slot, ((ulong)writer * Pages) + page) == Errno.Busy)
                    Thread.Yield();
            }
        }))];
        foreach (Thread writer in writers)
            writer.Start();
        SortedSet<(uint Slot, ulong Offset)> seen = [];
        while (writers.Any(writer => writer.IsAlive))
            seen.UnionWith(DirtySet.Harvest(log));
        seen.UnionWith(DirtySet.Harvest(log));
        Assert.Equal(Writers * Pages, seen.Count);
        Assert.Equal((ulong)(Writers * Pages), log.Statistics.Entries);
        Report.Line($"{Writers} writers, {log.KicksOfVcpu0} kicks of vCPU 0");
    }

    [Fact]
    public void A_policy_is_one_of_the_three()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1);
        using var machine = new VirtualMachine(memory);
        Assert.Throws<ArgumentOutOfRangeException>("vcpulessWrites", () => new RingDirtyLog(machine, vcpulessWrites: (VcpulessWrites)3));
        Assert.Null(machine.DirtyLog);
    }
}
