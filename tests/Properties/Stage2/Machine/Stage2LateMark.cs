using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Stage2.Machine;
using RingKit.Properties.DirtyLogging;
using Xunit;

namespace RingKit.Properties.Stage2.Machine;

/// <summary>A fault that answers the end of a log while it dissolves a block records its page after that.</summary>
public sealed class Stage2LateMark
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_mark_for_a_log_that_has_stopped_is_not_in_the_next_one(bool hasRing)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 512);
        using var machine = new VirtualMachine(memory, 1, new Stage2Options());
        using WriteProtectingLog log = hasRing ? new RingDirtyLog(machine, ringEntries: 256) : new BitmapDirtyLog(machine);
        var thread = new Stage2MachineThread(machine, machine.Vcpus[0], new Stage2Tally(isShared: false), checker: null);
        log.Start();
        thread.MarkDirty(slot, 3);
        log.Stop();
        thread.MarkDirty(slot, 5);
        log.Start();
        Assert.Empty(DirtySet.Harvest(log));
    }
}
