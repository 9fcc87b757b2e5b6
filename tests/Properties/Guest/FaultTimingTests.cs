using System.Diagnostics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging.Writes;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>How the time of faults is measured: all, none, or some that stand for others.</summary>
public sealed class FaultTimingTests
{
    [Fact]
    public void Faults_are_timed_all_or_some_or_none()
    {
        using var guest = new OneSlotGuest(100_000);
        VirtualMachine machine = guest.Machine;
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        Assert.Equal(FaultTiming.Sampled, machine.FaultTiming);
        Assert.Throws<ArgumentOutOfRangeException>(() => machine.FaultTiming = (FaultTiming)3);
        machine.FaultTiming = FaultTiming.Off;
        OneSlotGuest.Touch(vcpu, 20_000);
        Assert.Equal((20_000ul, TimeSpan.Zero), (vcpu.Stalls.Faults, vcpu.Stalls.FaultTime));

        // A sampled fault does not stand for those that were not to be timed.
        machine.FaultTiming = FaultTiming.Every;
        long start = Stopwatch.GetTimestamp();
        OneSlotGuest.Touch(vcpu, 40_000);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        Assert.InRange(vcpu.Stalls.FaultTime, TimeSpan.FromTicks(1), elapsed);
        machine.FaultTiming = FaultTiming.Sampled;
        VcpuStalls before = vcpu.Stalls;
        OneSlotGuest.Touch(vcpu, 100_000);
        Assert.Equal(60_000ul, (vcpu.Stalls - before).LogFaults);
        Assert.True((vcpu.Stalls - before).LogFaultTime > TimeSpan.Zero);
    }

    [Fact]
    public void A_timed_fault_stands_for_those_of_its_kind_since_the_last()
    {
        var meter = new StallMeter(vcpu: 0);
        long second = Stopwatch.Frequency;
        for (int i = 0; i < 10; i++)
            meter.CountFault(hasRecorded: true);
        meter.CountFault(hasRecorded: false);
        meter.BookFault(hasRecorded: true, Stopwatch.GetTimestamp() - second);
        Assert.InRange(meter.Value.LogFaultTime.TotalSeconds, 10, 20);
        Assert.Equal(TimeSpan.Zero, meter.Value.OtherFaultTime);

        for (int i = 0; i < 1000; i++)
            meter.CountFault(hasRecorded: true);
        meter.ForgetUntimed();
        meter.CountFault(hasRecorded: true);
        VcpuStalls before = meter.Value;
        meter.BookFault(hasRecorded: true, Stopwatch.GetTimestamp() - second);
        Assert.InRange((meter.Value - before).LogFaultTime.TotalSeconds, 1, 2);
        Assert.Equal((1011ul, 1ul), (meter.Value.LogFaults, meter.Value.OtherFaults));
    }

    [Fact]
    public void One_miss_in_64_is_timed_and_in_no_rhythm()
    {
        var meter = new StallMeter(vcpu: 3);
        int[] intervals = [.. Enumerable.Range(0, 10_000).Select(_ => meter.NextInterval())];
        Assert.InRange(intervals.Average(), 62, 66);
        Assert.InRange(intervals.Min(), 1, 4);
        Assert.InRange(intervals.Max(), 124, 127);
        Assert.NotEqual(intervals[..100], intervals[100..200]);
    }

    [Fact]
    public void A_fault_and_a_miss_allocate_nothing()
    {
        using var rig = new Rig("flat, bitmap");
        rig.Log.Start();
        foreach (FaultTiming timing in Enum.GetValues<FaultTiming>())
        {
            rig.Machine.FaultTiming = timing;
            Assert.Equal(0, Allocated.By(() =>
            {
                for (int i = 0; i < 5; i++)
                {
                    var program = new RoundWalk(steps: 700);
                    rig.Machine.Vcpus[0].Run(ref program);
                    rig.Log.Clear();
                }
            }));
        }
    }
}
