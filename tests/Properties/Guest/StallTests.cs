using System.Diagnostics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.DirtyLogging.Writes;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>What a vCPU has lost, and by why.</summary>
public sealed class StallTests
{
    private const ulong Pages = 1000;
    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(20);

    public static TheoryData<string> ExactNames => WrittenMachines.ExactNames;

    public static TheoryData<string> Names => WrittenMachines.Names;

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
        Assert.Equal(GuestAction.Run(vcpu, guest => guest.Load(300 << 12, new byte[1])), VcpuExit.None);
        Assert.Equal(GuestAction.Run(vcpu, guest => guest.Load(5000ul << 12, new byte[1])), VcpuExit.None);
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
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 3000);
        using var machine = new VirtualMachine(memory, vcpus: 1, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });
        using var log = new BitmapDirtyLog(machine);
        Vcpu vcpu = machine.Vcpus[0];
        Touch(vcpu, 3000);
        log.Start();
        VcpuStalls before = vcpu.Stalls;
        Touch(vcpu, 3000);
        Assert.Equal((5ul, 0ul), ((vcpu.Stalls - before).LogFaults, (vcpu.Stalls - before).OtherFaults));
    }

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
        new Crew(TimeSpan.FromSeconds(60)).Run(
            ("vCPU", () =>
            {
                var program = new Walk(ulong.MaxValue);
                long start = Stopwatch.GetTimestamp();
                while (!stop.IsCancellationRequested)
                    vcpu.Run(ref program);
                elapsed = Stopwatch.GetElapsedTime(start);
            }),
            ("harvests", () =>
            {
                for (int round = 0; round < 50; round++)
                    DirtySet.Harvest(rig.Log);
                stop.Cancel();
                vcpu.RequestStop();
            }));
        VcpuStalls stalls = vcpu.Stalls;
        Assert.True(stalls.FaultTime > TimeSpan.Zero);
        Assert.True(stalls.Total <= elapsed, $"{stalls} in {elapsed}");
        Assert.Equal(
            stalls.Total,
            stalls.LogFaultTime + stalls.OtherFaultTime + stalls.EntryWaitTime + stalls.InvalidationTime + stalls.RingFullTime + stalls.QuotaTime + stalls.ThrottleTime);
    }

    [Fact]
    public void The_time_outside_for_a_full_ring_or_a_quota_is_lost_and_other_time_outside_is_not()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 16, reservedEntries: 8);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        var script = new StoreScript([.. Enumerable.Range(0, 12).Select(page => ((ulong)page << 12, 1ul))]);
        Assert.Equal(VcpuExit.DirtyRingFull, vcpu.Run(ref script));
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
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 16, reservedEntries: 8);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        var script = new StoreScript([.. Enumerable.Range(0, 12).Select(page => ((ulong)page << 12, 1ul))]);
        Assert.Equal(VcpuExit.DirtyRingFull, vcpu.Run(ref script));
        DirtySet.Harvest(log);
        vcpu.BookThrottle(TimeSpan.FromHours(1));
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
        Assert.Equal((1ul, TimeSpan.FromHours(1)), (vcpu.Stalls.Throttles, vcpu.Stalls.ThrottleTime));
        Assert.Equal(TimeSpan.Zero, vcpu.Stalls.RingFullTime);
    }

    [Fact]
    public void A_vcpu_that_finds_the_machine_closed_waits()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory);
        Vcpu vcpu = machine.Vcpus[0];
        Assert.True(machine.TryClose());
        var thread = new Thread(() => Touch(vcpu, 1));
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
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory);
        Vcpu vcpu = machine.Vcpus[0];
        machine.InvalidateTlbs();
        using var stop = new CancellationTokenSource();
        new Crew(TimeSpan.FromSeconds(30)).Run(
            ("vCPU", () =>
            {
                var program = new Walk(ulong.MaxValue);
                while (!stop.IsCancellationRequested)
                    vcpu.Run(ref program);
            }),
            ("who invalidates", () =>
            {
                var crew = new Crew(TimeSpan.FromSeconds(20));
                int idle = 0;
                while (vcpu.Faults == 0)
                    crew.Idle(ref idle, "the vCPU to run");
                for (int i = 0; i < 20; i++)
                    machine.InvalidateTlbs();
                stop.Cancel();
                vcpu.RequestStop();
            }));
        Assert.Equal(20ul, vcpu.Stalls.Invalidations);
        Assert.True(vcpu.Stalls.InvalidationTime > TimeSpan.Zero);
    }

    [Fact]
    public void Faults_are_timed_all_or_some_or_none()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 100_000);
        using var machine = new VirtualMachine(memory);
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        Assert.Equal(FaultTiming.Sampled, machine.FaultTiming);
        Assert.Throws<ArgumentOutOfRangeException>(() => machine.FaultTiming = (FaultTiming)3);
        machine.FaultTiming = FaultTiming.Off;
        Touch(vcpu, 20_000);
        Assert.Equal((20_000ul, TimeSpan.Zero), (vcpu.Stalls.Faults, vcpu.Stalls.FaultTime));

        // A sampled fault does not stand for those that were not to be timed.
        machine.FaultTiming = FaultTiming.Every;
        long start = Stopwatch.GetTimestamp();
        Touch(vcpu, 40_000);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        Assert.InRange(vcpu.Stalls.FaultTime, TimeSpan.FromTicks(1), elapsed);
        machine.FaultTiming = FaultTiming.Sampled;
        VcpuStalls before = vcpu.Stalls;
        Touch(vcpu, 100_000);
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
    public void A_machines_stalls_are_the_sum_of_its_vcpus()
    {
        using var rig = new Rig("flat, ring");
        rig.Log.Start();
        Touch(rig.Machine.Vcpus[0], 100);
        DirtySet.Harvest(rig.Log);
        Touch(rig.Machine.Vcpus[1], 50);
        rig.Machine.Vcpus[1].BookThrottle(TimeSpan.FromSeconds(2));
        VcpuStalls sum = rig.Machine.Stalls;
        Assert.Equal(150ul, sum.Faults);
        Assert.Equal(rig.Machine.Vcpus[0].Stalls + rig.Machine.Vcpus[1].Stalls, sum);
        Assert.Equal(rig.Machine.Vcpus[1].Stalls, sum - rig.Machine.Vcpus[0].Stalls);
        Assert.Equal(default, sum - sum);
        Assert.Equal(TimeSpan.FromSeconds(2), sum.ThrottleTime);
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
                    var program = new Walk(steps: 700);
                    rig.Machine.Vcpus[0].Run(ref program);
                    rig.Log.Clear();
                }
            }));
        }
    }

    private static void Touch(Vcpu vcpu, int pages)
    {
        var script = new StoreScript([.. Enumerable.Range(0, pages).Select(page => ((ulong)page << 12, 1ul))]);
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
    }

    private struct Walk(ulong steps) : IGuestProgram
    {
        private ulong _next;

        public VcpuExit Step(Vcpu vcpu)
        {
            if (_next == steps)
                return VcpuExit.Halted;
            VcpuExit exit = vcpu.Store((_next % 700) << 12, _next);
            if (exit == VcpuExit.None)
                _next++;
            return exit;
        }
    }
}
