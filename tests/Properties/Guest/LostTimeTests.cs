using System.Diagnostics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.DirtyLogging.Writes;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>What a vCPU has lost: the time, each piece once, and by why.</summary>
public sealed class LostTimeTests
{
    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(20);

    public static TheoryData<string> Names => WrittenMachines.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void No_time_is_booked_twice(string name)
    {
        // All that the vCPU loses it loses between its thread's first look at the clock and its last.
        using var rig = new Rig(name);
        rig.Machine.FaultTiming = FaultTiming.Every;
        Vcpu vcpu = rig.Machine.Vcpus[0];
        rig.Log.Start();
        TimeSpan elapsed = TimeSpan.Zero;
        using var stop = new CancellationTokenSource();
        new Crew(TimeSpan.FromSeconds(60)).Run(("vCPU", RunVcpu), ("harvests", HarvestOften));
        VcpuStalls stalls = vcpu.Stalls;
        Assert.True(stalls.FaultTime > TimeSpan.Zero);
        Assert.True(stalls.Total <= elapsed, $"{stalls} in {elapsed}");
        Assert.Equal(
            stalls.Total,
            stalls.LogFaultTime + stalls.OtherFaultTime + stalls.EntryWaitTime + stalls.InvalidationTime + stalls.RingFullTime + stalls.QuotaTime + stalls.ThrottleTime);

        void RunVcpu()
        {
            var program = new RoundWalk();
            long start = Stopwatch.GetTimestamp();
            while (!stop.IsCancellationRequested)
                vcpu.Run(ref program);
            elapsed = Stopwatch.GetElapsedTime(start);
        }

        void HarvestOften()
        {
            for (int round = 0; round < 50; round++)
                DirtySet.Harvest(rig.Log);
            stop.Cancel();
            vcpu.RequestStop();
        }
    }

    [Fact]
    public void The_time_outside_for_a_full_ring_or_a_quota_is_lost_and_other_time_outside_is_not()
    {
        using var guest = new OneSlotGuest();
        VirtualMachine machine = guest.Machine;
        using var log = new RingDirtyLog(machine, ringEntries: 16, reservedEntries: 8);
        Vcpu vcpu = machine.Vcpus[0];
        StoreScript script = StoreUntilFull(log, vcpu);
        Assert.Equal((1ul, TimeSpan.Zero), (vcpu.Stalls.RingFullExits, vcpu.Stalls.RingFullTime));
        Thread.Sleep(Nap);
        DirtySet.Harvest(log);
        vcpu.DirtyQuota = 8;
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        TimeSpan ring = vcpu.Stalls.RingFullTime;
        Assert.True(ring >= Nap, $"{ring}");
        Thread.Sleep(Nap);
        vcpu.DirtyQuota = ulong.MaxValue;
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
        VcpuStalls stalls = vcpu.Stalls;
        Assert.True(stalls.QuotaTime >= Nap, $"{stalls.QuotaTime}");
        Assert.Equal((1ul, 1ul, ring), (stalls.RingFullExits, stalls.QuotaExits, stalls.RingFullTime));
        Thread.Sleep(Nap);
        vcpu.Run(ref script);
        Assert.Equal(stalls, vcpu.Stalls);
    }

    [Fact]
    public void What_a_throttle_sleeps_is_not_lost_to_the_full_ring_too()
    {
        using var guest = new OneSlotGuest();
        VirtualMachine machine = guest.Machine;
        using var log = new RingDirtyLog(machine, ringEntries: 16, reservedEntries: 8);
        Vcpu vcpu = machine.Vcpus[0];
        StoreScript script = StoreUntilFull(log, vcpu);
        DirtySet.Harvest(log);
        vcpu.BookThrottle(TimeSpan.FromHours(1));
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
        Assert.Equal((1ul, TimeSpan.FromHours(1)), (vcpu.Stalls.Throttles, vcpu.Stalls.ThrottleTime));
        Assert.Equal(TimeSpan.Zero, vcpu.Stalls.RingFullTime);
    }

    [Fact]
    public void A_vcpu_that_finds_the_machine_closed_waits()
    {
        using var guest = new OneSlotGuest();
        VirtualMachine machine = guest.Machine;
        Vcpu vcpu = machine.Vcpus[0];
        Assert.True(machine.TryClose());
        var thread = new Thread(() => OneSlotGuest.Touch(vcpu, 1));
        thread.Start();
        Thread.Sleep(Nap);
        Assert.False(thread.Join(Nap));
        machine.Open();
        Assert.True(thread.Join(TimeSpan.FromSeconds(20)));
        Assert.Equal(1ul, vcpu.Stalls.EntryWaits);
        Assert.True(vcpu.Stalls.EntryWaitTime > TimeSpan.Zero);
    }

    [Fact]
    public void Translations_that_are_dropped_between_steps_are_counted_and_those_of_a_vcpu_outside_are_not()
    {
        using var guest = new OneSlotGuest();
        VirtualMachine machine = guest.Machine;
        Vcpu vcpu = machine.Vcpus[0];
        machine.InvalidateTlbs();
        using var stop = new CancellationTokenSource();
        new Crew(TimeSpan.FromSeconds(30)).Run(("vCPU", RunVcpu), ("who invalidates", InvalidateOften));
        Assert.Equal(20ul, vcpu.Stalls.Invalidations);
        Assert.True(vcpu.Stalls.InvalidationTime > TimeSpan.Zero);

        void RunVcpu()
        {
            var program = new RoundWalk();
            while (!stop.IsCancellationRequested)
                vcpu.Run(ref program);
        }

        void InvalidateOften()
        {
            var crew = new Crew(TimeSpan.FromSeconds(20));
            int idle = 0;
            while (vcpu.Faults == 0)
                crew.Idle(ref idle, "the vCPU to run");
            for (int i = 0; i < 20; i++)
                machine.InvalidateTlbs();
            stop.Cancel();
            vcpu.RequestStop();
        }
    }

    // The rest of the script is four stores, and the ring's reserve has room for them.
    private static StoreScript StoreUntilFull(RingDirtyLog log, Vcpu vcpu)
    {
        log.Start();
        var script = new StoreScript([.. Enumerable.Range(0, 12).Select(page => ((ulong)page << 12, 1ul))]);
        Assert.Equal(VcpuExit.DirtyRingFull, vcpu.Run(ref script));
        return script;
    }
}
