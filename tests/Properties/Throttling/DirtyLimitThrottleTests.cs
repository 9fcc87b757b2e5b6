using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Throttling;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Throttling;

/// <summary>Sleeps at full rings, by the rule of QEMU's dirty-limit.</summary>
public sealed class DirtyLimitThrottleTests
{
    // T is 100 ms. By hand: |limit - rate| <= 25 changes nothing; above 50 percent of the larger one T·p/(100-p), below T/10; between 0 and 99·T.
    [Theory]
    [InlineData(0, 100, 125, 0)]
    [InlineData(40, 100, 75, 40)]
    [InlineData(0, 100, 150, 10)]
    [InlineData(0, 100, 200, 10)]
    [InlineData(0, 100, 400, 300)]
    [InlineData(500, 100, 500, 900)]
    [InlineData(500, 400, 100, 200)]
    [InlineData(500, 200, 150, 490)]
    [InlineData(5, 200, 150, 0)]
    [InlineData(9_800, 1, 1_000_000, 9_900)]
    [InlineData(9_900, 100, 0, 0)]
    public void The_next_sleep_is_the_rules(double sleep, double limit, double rate, double expected)
    {
        TimeSpan next = DirtyLimitThrottle.NextSleep(TimeSpan.FromMilliseconds(sleep), limit, rate, TimeSpan.FromMilliseconds(100));
        Assert.Equal(expected, next.TotalMilliseconds, 3);
    }

    [Fact]
    public void A_writer_is_brought_near_to_the_limit()
    {
        const int Entries = 4096, Soft = Entries - 64;
        var clock = new ManualClock();
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 100_000);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, Entries);
        using var throttle = new DirtyLimitThrottle(machine, Entries, clock, clock);
        log.Start();
        throttle.Limit = 100;
        Vcpu vcpu = machine.Vcpus[0];

        // 10 us a page are 390 MB/s.
        var program = new ManualSteps(clock, TimeSpan.FromMicroseconds(10), steps: 1_000_000, pages: 100_000);
        List<double> rates = [];
        TimeSpan measured = clock.Now;
        ulong before = 0;
        while (vcpu.Run(ref program) is var exit && exit != VcpuExit.Halted)
        {
            Assert.Equal(VcpuExit.DirtyRingFull, exit);
            Assert.Equal(Soft, DirtySet.Harvest(log).Count);
            Assert.False(throttle.Hold(vcpu, exit));
            if (clock.Now - measured < DirtyLimitThrottle.Period)
                continue;
            rates.Add((vcpu.DirtiedPages - before) / 256.0 / (clock.Now - measured).TotalSeconds);
            (measured, before) = (clock.Now, vcpu.DirtiedPages);
            throttle.Adjust();
        }

        Assert.InRange(rates[0], 350, 400);
        Assert.All(rates[^20..], rate => Assert.InRange(rate, 100 - 30, 100 + 30));
        Assert.Equal((ulong)clock.Sleeps.Count, vcpu.Stalls.Throttles);
        Assert.True(vcpu.Stalls.RingFullExits >= vcpu.Stalls.Throttles);
    }

    [Fact]
    public void Who_never_fills_its_ring_never_sleeps()
    {
        var clock = new ManualClock();
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1000);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 65536);
        using var throttle = new DirtyLimitThrottle(machine, 65536, clock, clock);
        log.Start();
        throttle.Limit = 1;
        var program = new ManualSteps(clock, TimeSpan.FromMicroseconds(1), steps: 1000, pages: 1000);
        for (int second = 0; second < 10; second++)
        {
            program = new ManualSteps(clock, TimeSpan.FromMicroseconds(1), steps: 1000, pages: 1000);
            Assert.Equal(VcpuExit.Halted, machine.Vcpus[0].Run(ref program));
            clock.Advance(TimeSpan.FromMilliseconds(20));
            DirtySet.Harvest(log);
            throttle.Adjust();
        }

        Assert.True(throttle.SleepOf(machine.Vcpus[0]) > TimeSpan.Zero);
        Assert.Empty(clock.Sleeps);
    }

    [Fact]
    public void Lifted_it_forgets_the_sleeps_and_wakes()
    {
        var clock = new ManualClock();
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 10_000);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 1024);
        using var throttle = new DirtyLimitThrottle(machine, 1024, clock, clock);
        log.Start();
        throttle.Limit = 1;
        Vcpu vcpu = machine.Vcpus[0];
        var program = new ManualSteps(clock, TimeSpan.FromMicroseconds(1), steps: 5000, pages: 10_000);
        Assert.Equal(VcpuExit.DirtyRingFull, vcpu.Run(ref program));
        throttle.Adjust();
        TimeSpan sleep = throttle.SleepOf(vcpu);
        Assert.True(sleep > TimeSpan.Zero);
        clock.DuringSleep = () => throttle.Limit = double.PositiveInfinity;
        throttle.Hold(vcpu, VcpuExit.DirtyRingFull);
        Assert.Equal((sleep / 2).TotalMilliseconds, Assert.Single(clock.Sleeps).TotalMilliseconds, 3);
        Assert.Equal(TimeSpan.Zero, throttle.SleepOf(vcpu));
        throttle.Adjust();
        Assert.Equal(TimeSpan.Zero, throttle.SleepOf(vcpu));
    }

    [Fact]
    public void Limits_and_rings_that_cannot_be_are_refused()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 16);
        using var machine = new VirtualMachine(memory);
        Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyLimitThrottle(machine, 0));
        using var throttle = new DirtyLimitThrottle(machine, 1024);
        Assert.Throws<ArgumentOutOfRangeException>(() => throttle.Limit = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => throttle.Limit = double.NaN);
        Assert.Equal(double.PositiveInfinity, throttle.Limit);
    }
}
