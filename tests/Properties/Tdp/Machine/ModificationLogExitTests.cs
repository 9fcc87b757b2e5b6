using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.Tdp.Machine;

/// <summary>When a vCPU's modification log is drained, and what a dirty ring over it holds back for that.</summary>
public sealed class ModificationLogExitTests : IDisposable
{
    private const ulong Pages = 2000;

    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;

    public ModificationLogExitTests()
    {
        _memory.AddSlot(0, 0, Pages);
        _machine = new VirtualMachine(_memory, 2, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, HostLevel = MappingLevel.Size4K });
        Store(_machine.Vcpus[0], 0, Pages);
    }

    public void Dispose()
    {
        _machine.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void Every_exit_drains_and_a_full_log_is_one()
    {
        using var log = new BitmapDirtyLog(_machine);
        log.Start();
        ulong faults = _machine.Vcpus[0].Faults;
        Store(_machine.Vcpus[0], 0, 3);
        Assert.Equal((3ul, 0ul), (_machine.Tdp!.Statistics.Drained, _machine.Tdp.Statistics.FullLogs));
        Store(_machine.Vcpus[0], 3, 515);
        Assert.Equal((515ul, 0ul), (_machine.Tdp.Statistics.Drained, _machine.Tdp.Statistics.FullLogs));
        Store(_machine.Vcpus[1], 515, 515 + 1025);
        Assert.Equal((1540ul, 2ul), (_machine.Tdp.Statistics.Drained, _machine.Tdp.Statistics.FullLogs));
        Assert.Equal(faults, _machine.Vcpus[0].Faults);
        Assert.Equal(1540, DirtySet.Harvest(log).Count);
    }

    [Fact]
    public void A_harvest_brings_in_what_a_vcpu_in_the_guest_has_logged()
    {
        using var log = new BitmapDirtyLog(_machine);
        log.Start();
        using var hasStored = new ManualResetEventSlim();
        int steps = 0;
        bool harvested = false;
        var guest = new Thread(() =>
        {
            var program = new Waiting(hasStored, () => Volatile.Read(ref harvested), () => steps++);
            Assert.Equal(VcpuExit.Halted, _machine.Vcpus[0].Run(ref program));
        });
        guest.Start();
        Assert.True(hasStored.Wait(TimeSpan.FromSeconds(20)));
        Assert.Equal([(0u, 7ul)], DirtySet.Harvest(log));
        Volatile.Write(ref harvested, true);
        Assert.True(guest.Join(TimeSpan.FromSeconds(20)));
        Assert.True(steps > 0);
    }

    [Fact]
    public void A_ring_keeps_room_for_a_whole_log_and_the_vcpu_leaves_before_that_is_used_up()
    {
        // KVM's smallest ring over modification logs: 448 entries until the vCPU has to leave, and 64 and 512 behind.
        using var log = new RingDirtyLog(_machine, ringEntries: 1024);
        log.Start();
        var script = new StoreScript([.. Enumerable.Range(0, (int)Pages).Select(page => ((ulong)page << 12, 1ul))]);
        SortedSet<(uint Slot, ulong Offset)> all = [];
        int exits = 0;
        for (; _machine.Vcpus[0].Run(ref script) == VcpuExit.DirtyRingFull; exits++)
            all.UnionWith(DirtySet.Harvest(log));
        all.UnionWith(DirtySet.Harvest(log));
        Assert.Equal((int)Pages, all.Count);
        Assert.Equal((3, 3ul), (exits, _machine.Tdp!.Statistics.FullLogs));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            log.Dispose();
            return new RingDirtyLog(_machine, ringEntries: 512);
        });
    }

    private static void Store(Vcpu vcpu, ulong first, ulong end)
    {
        var script = new StoreScript([.. Enumerable.Range((int)first, (int)(end - first)).Select(page => ((ulong)page << 12, 1ul))]);
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
    }

    private struct Waiting(ManualResetEventSlim hasStored, Func<bool> isOver, Action step) : IGuestProgram
    {
        private bool _stored;

        public VcpuExit Step(Vcpu vcpu)
        {
            if (_stored)
            {
                step();
                return isOver() ? VcpuExit.Halted : VcpuExit.None;
            }

            VcpuExit exit = vcpu.Store(7 << 12, 1ul);
            _stored = exit == VcpuExit.None;
            if (_stored)
                hasStored.Set();
            return exit;
        }
    }
}
