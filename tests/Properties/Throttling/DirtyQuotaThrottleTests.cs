using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.Throttling;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Throttling;

/// <summary>So many pages a second, and no sleep for who writes fewer.</summary>
public sealed class DirtyQuotaThrottleTests : IDisposable
{
    private const ulong Pages = 100_000;

    private readonly ManualClock _clock = new();
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly BitmapDirtyLog _log;
    private readonly DirtyQuotaThrottle _throttle;

    public DirtyQuotaThrottleTests()
    {
        _memory.AddSlot(0, 0, Pages);
        _machine = new VirtualMachine(_memory, vcpus: 2);
        _log = new BitmapDirtyLog(_machine);
        _log.Start();
        _throttle = new DirtyQuotaThrottle(_machine, clock: _clock, sleeper: _clock);
    }

    private Vcpu Vcpu => _machine.Vcpus[0];

    public void Dispose()
    {
        _throttle.Dispose();
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    [Theory]
    [InlineData(1000ul)]
    [InlineData(5000ul)]
    [InlineData(7777ul)]
    public void A_writer_is_held_to_the_rate(ulong pagesPerSecond)
    {
        // It would write 100 000 pages a second. The first interval's pages cost it no sleep.
        _throttle.PagesPerSecond = pagesPerSecond;
        var program = new ManualSteps(_clock, TimeSpan.FromTicks(100), steps: 20_000, Pages);
        Run(ref program);
        Assert.Equal(20_000ul, Vcpu.DirtiedPages);
        Assert.InRange(20_000 / _clock.Now.TotalSeconds, pagesPerSecond * 0.96, pagesPerSecond * 1.04);
        VcpuStalls stalls = Vcpu.Stalls;
        Assert.Equal((ulong)_clock.Sleeps.Count, stalls.Throttles);
        Assert.Equal(stalls.QuotaExits, stalls.Throttles);
        Assert.InRange(stalls.ThrottleTime.TotalSeconds, _clock.Now.TotalSeconds - 0.21, _clock.Now.TotalSeconds - 0.19);
    }

    [Fact]
    public void Who_writes_less_or_the_same_pages_never_sleeps()
    {
        _throttle.PagesPerSecond = 1000;
        var slow = new ManualSteps(_clock, TimeSpan.FromMilliseconds(2), steps: 2000, Pages);
        Run(ref slow);
        var same = new ManualSteps(_clock, TimeSpan.FromTicks(10), steps: 100_000, pages: 50);
        Run(ref same);
        Assert.True(_clock.Sleeps.Count <= 1, $"{_clock.Sleeps.Count} sleeps");
    }

    [Fact]
    public void Lifted_it_wakes_and_holds_nobody()
    {
        _throttle.PagesPerSecond = 100;
        _clock.DuringSleep = () => _throttle.PagesPerSecond = ulong.MaxValue;
        var program = new ManualSteps(_clock, TimeSpan.Zero, steps: 1000, Pages);
        Run(ref program);
        Assert.Equal(TimeSpan.FromMilliseconds(50), Assert.Single(_clock.Sleeps));
        Assert.All(_machine.Vcpus, vcpu => Assert.Equal(ulong.MaxValue, vcpu.DirtyQuota));

        _throttle.PagesPerSecond = 100;
        _throttle.Dispose();
        Assert.All(_machine.Vcpus, vcpu => Assert.Equal(ulong.MaxValue, vcpu.DirtyQuota));
    }

    [Fact]
    public void A_sleep_that_is_ended_early_gives_no_quota_early()
    {
        using var stop = new CancellationTokenSource();
        _throttle.PagesPerSecond = 100;
        _clock.DuringSleep = stop.Cancel;
        var program = new ManualSteps(_clock, TimeSpan.Zero, steps: 11, Pages);
        VcpuExit exit = Vcpu.Run(ref program);
        Assert.True(_throttle.Hold(Vcpu, exit, stop.Token));
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, Vcpu.Run(ref program));
        Assert.Equal(10, program.Done);
        Assert.True(_throttle.Hold(Vcpu, VcpuExit.DirtyQuotaExhausted));
        Assert.Equal(VcpuExit.Halted, Vcpu.Run(ref program));
        Assert.Equal([50, 50], _clock.Sleeps.Select(sleep => sleep.TotalMilliseconds));
    }

    [Fact]
    public void The_least_rate_is_a_page_an_interval_and_other_exits_are_others()
    {
        _throttle.PagesPerSecond = 1;
        var program = new ManualSteps(_clock, TimeSpan.Zero, steps: 3, Pages);
        Run(ref program);
        Assert.Equal(3, _clock.Sleeps.Count);
        Assert.False(_throttle.Hold(Vcpu, VcpuExit.DirtyRingFull));
        Assert.False(_throttle.Hold(Vcpu, VcpuExit.Interrupted));
    }

    [Fact]
    public void The_largest_rate_and_interval_hold_nobody()
    {
        using var throttle = new DirtyQuotaThrottle(_machine, TimeSpan.FromHours(1), _clock, _clock);
        var program = new ManualSteps(_clock, TimeSpan.Zero, steps: 5, Pages);
        Assert.Equal(VcpuExit.Halted, Vcpu.Run(ref program));
        throttle.PagesPerSecond = ulong.MaxValue - 1;
        Assert.True(Vcpu.DirtyQuota > Vcpu.DirtiedPages);
    }

    [Fact]
    public void Rates_intervals_and_machines_that_cannot_be_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _throttle.PagesPerSecond = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => new DirtyQuotaThrottle(_machine, TimeSpan.Zero));
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 16);
        using var shadow = new VirtualMachine(memory, vcpus: 1, new Book3sPrOptions());
        Assert.Throws<ArgumentException>(() => new DirtyQuotaThrottle(shadow));
    }

    [Fact]
    public void Each_vcpu_has_a_quota_of_its_own()
    {
        _throttle.PagesPerSecond = 1000;
        var writer = new ManualSteps(_clock, TimeSpan.Zero, steps: 500, Pages);
        Run(ref writer);
        int sleeps = _clock.Sleeps.Count;
        var other = new ManualSteps(_clock, TimeSpan.Zero, steps: 99, pages: 50);
        Assert.Equal(VcpuExit.Halted, _machine.Vcpus[1].Run(ref other));
        Assert.Equal(sleeps, _clock.Sleeps.Count);
        Assert.Equal(500, DirtySet.Harvest(_log).Count);
    }

    private void Run(ref ManualSteps program)
    {
        while (Vcpu.Run(ref program) is var exit && exit != VcpuExit.Halted)
            Assert.True(_throttle.Hold(Vcpu, exit));
    }
}
