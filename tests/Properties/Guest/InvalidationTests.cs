using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>Invalidations while vCPUs are outside the guest, in it, and invalidating themselves.</summary>
public sealed class InvalidationTests : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly BitmapDirtyLog _log;

    public InvalidationTests()
    {
        _memory.AddSlot(0, 0, 64);
        _machine = new VirtualMachine(_memory, vcpus: 2);
        _log = new BitmapDirtyLog(_machine);
        _log.Start();
    }

    public void Dispose()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void A_vcpu_outside_the_guest_has_dropped_its_translations_when_the_invalidation_returns()
    {
        Assert.Equal(VcpuExit.None, GuestAction.Run(_machine.Vcpus[0], vcpu => vcpu.Store(0x3000, 1ul)));
        Assert.Equal([(0u, 3ul)], DirtySet.Harvest(_log));
        ulong faults = _machine.Vcpus[0].Faults;
        Assert.Equal(VcpuExit.None, GuestAction.Run(_machine.Vcpus[0], vcpu => vcpu.Store(0x3000, 2ul)));
        Assert.Equal(faults + 1, _machine.Vcpus[0].Faults);
        Assert.Equal([(0u, 3ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void Vcpus_that_harvest_in_their_own_steps_at_the_same_time_do_not_wait_for_each_other()
    {
        const int Rounds = 2000;
        ulong[] harvested = new ulong[2];
        new Crew(TimeSpan.FromSeconds(60)).Run([.. Enumerable.Range(0, 2).Select(id => ($"vCPU {id}", (Action)(() =>
        {
            for (ulong i = 0; i < Rounds; i++)
            {
                ulong gpa = ((i % 8) + ((ulong)id * 8)) << GuestPage.Shift;
                Assert.Equal(VcpuExit.None, GuestAction.Run(_machine.Vcpus[id], vcpu =>
                {
                    VcpuExit exit = vcpu.Store(gpa, i);
                    harvested[id] += (ulong)DirtySet.Harvest(_log).Count;
                    return exit;
                }));
            }
        })))]);
        Assert.InRange(harvested[0] + harvested[1] + (ulong)DirtySet.Harvest(_log).Count, 8ul, 2ul * Rounds);
    }

    [Fact]
    public void A_vcpu_runs_on_one_thread_at_a_time()
    {
        Vcpu vcpu = _machine.Vcpus[0];
        Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, inside =>
        {
            Assert.True(_machine.RunsVcpus);
            Assert.Same(vcpu, _machine.CurrentVcpu);
            Assert.Throws<InvalidOperationException>(() => GuestAction.Run(inside, _ => VcpuExit.None));
            return VcpuExit.None;
        }));
        Assert.False(_machine.RunsVcpus);
        Assert.Null(_machine.CurrentVcpu);
    }
}
