using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.DirtyLogging.Writes;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>What a vCPU has lost: which faults are whose.</summary>
public sealed class StallTests
{
    public static TheoryData<string> ExactNames => WrittenMachines.ExactNames;

    [Theory]
    [MemberData(nameof(ExactNames))]
    public void Faults_are_counted_by_whether_they_recorded(string name)
    {
        using var rig = new Rig(name);
        Vcpu vcpu = rig.Machine.Vcpus[0];
        rig.Store(1, 2, 3);
        Assert.Equal((0ul, vcpu.Faults), (vcpu.Stalls.LogFaults, vcpu.Stalls.OtherFaults));
        rig.Log.Start();
        VcpuStalls before = vcpu.Stalls;
        rig.Store(1, 2, 3, 1, 2, 3, 10);
        Assert.Equal(4ul, (vcpu.Stalls - before).LogFaults);
        DirtySet.Harvest(rig.Log);
        rig.Store(1);
        Assert.Equal((5ul, 0ul), ((vcpu.Stalls - before).LogFaults, (vcpu.Stalls - before).OtherFaults));
        Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, guest => guest.Load(300 << 12, new byte[1])));
        Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, guest => guest.Load(5000ul << 12, new byte[1])));
        Assert.True((vcpu.Stalls - before).Faults > 5);
        Assert.Equal(vcpu.Faults, vcpu.Stalls.Faults);

        // Where a first load maps a page writable it records it.
        Assert.Equal(4 + (ulong)DirtySet.Harvest(rig.Log).Count, (vcpu.Stalls - before).LogFaults);
        Assert.Equal(0ul, rig.Machine.Vcpus[1].Stalls.Faults);
    }

    [Theory]
    [InlineData("hash, Faults")]
    [InlineData("shadow")]
    public void Faults_of_a_page_table_that_records_by_itself_are_the_logs_too(string name)
    {
        using var rig = new Rig(name);
        Vcpu vcpu = rig.Machine.Vcpus[0];
        rig.Store(1, 2, 3);
        rig.Log.Start();
        VcpuStalls before = vcpu.Stalls;
        rig.Store(1, 2, 3, 1, 2, 3);
        Assert.Equal(3ul, (vcpu.Stalls - before).LogFaults);
        DirtySet.Harvest(rig.Log);
        rig.Store(2);
        Assert.Equal(4ul, (vcpu.Stalls - before).LogFaults);
    }

    [Fact]
    public void An_exit_for_a_full_modification_log_is_the_logs_though_nothing_faults()
    {
        using var guest = new OneSlotGuest(3000, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });
        VirtualMachine machine = guest.Machine;
        using var log = new BitmapDirtyLog(machine);
        Vcpu vcpu = machine.Vcpus[0];
        OneSlotGuest.Touch(vcpu, 3000);
        log.Start();
        VcpuStalls before = vcpu.Stalls;
        OneSlotGuest.Touch(vcpu, 3000);
        Assert.Equal((5ul, 0ul), ((vcpu.Stalls - before).LogFaults, (vcpu.Stalls - before).OtherFaults));
    }

    [Fact]
    public void A_machines_stalls_are_the_sum_of_its_vcpus()
    {
        using var rig = new Rig("flat, ring");
        rig.Log.Start();
        OneSlotGuest.Touch(rig.Machine.Vcpus[0], 100);
        DirtySet.Harvest(rig.Log);
        OneSlotGuest.Touch(rig.Machine.Vcpus[1], 50);
        rig.Machine.Vcpus[1].BookThrottle(TimeSpan.FromSeconds(2));
        VcpuStalls sum = rig.Machine.Stalls;
        Assert.Equal(150ul, sum.Faults);
        Assert.Equal(rig.Machine.Vcpus[0].Stalls + rig.Machine.Vcpus[1].Stalls, sum);
        Assert.Equal(rig.Machine.Vcpus[1].Stalls, sum - rig.Machine.Vcpus[0].Stalls);
        Assert.Equal(default, sum - sum);
        Assert.Equal(TimeSpan.FromSeconds(2), sum.ThrottleTime);
    }
}
