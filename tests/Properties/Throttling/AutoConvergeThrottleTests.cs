using RingKit.Mmu.Guest;
using RingKit.Mmu.Throttling;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Throttling;

/// <summary>Slices of 10 ms and the sleeps between them, by a clock that the guest itself moves.</summary>
public sealed class AutoConvergeThrottleTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly AutoConvergeThrottle _throttle;

    public AutoConvergeThrottleTests()
    {
        _memory.AddSlot(0, 0, 100);
        _machine = new VirtualMachine(_memory, vcpus: 2);
        _throttle = new AutoConvergeThrottle(_machine, _clock, _clock);
    }

    private Vcpu Vcpu => _machine.Vcpus[0];

    public void Dispose()
    {
        _throttle.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    [Theory]
    [InlineData(20)]
    [InlineData(50)]
    [InlineData(75)]
    [InlineData(99)]
    public void The_guest_runs_for_slices_and_sleeps_its_share(int percentage)
    {
        _throttle.Percentage = percentage;
        var program = new ManualSteps(_clock, TimeSpan.FromMilliseconds(1), steps: 1000);
        int held = RunToTheEnd(ref program);

        // 1000 steps of 1 ms are 100 slices, the last of which ends as the program does.
        Assert.InRange(held, 99, 100);
        Assert.All(_clock.Sleeps, sleep => Assert.Equal(AutoConvergeThrottle.SleepFor(percentage), sleep));
        double share = 100 * (1 - (1.0 / _clock.Now.TotalSeconds));
        Assert.InRange(share, percentage - 0.5, percentage + 0.5);
        VcpuStalls stalls = Vcpu.Stalls;
        Assert.Equal((ulong)held, stalls.Throttles);
        Assert.InRange(stalls.ThrottleTime.TotalSeconds, _clock.Now.TotalSeconds - 1.0001, _clock.Now.TotalSeconds - 0.9999);
        Assert.Equal(stalls.ThrottleTime, (_machine.Stalls - _machine.Vcpus[1].Stalls).ThrottleTime);
    }

    [Fact]
    public void The_share_rises_from_20_by_10_to_99()
    {
        List<int> shares = [];
        for (int i = 0; i < 10; i++)
            shares.Add(_throttle.Increase());
        Assert.Equal([20, 30, 40, 50, 60, 70, 80, 90, 99, 99], shares);
    }

    [Fact]
    public void Sleeps_are_shares_of_slice_and_sleep()
    {
        Assert.Equal(TimeSpan.Zero, AutoConvergeThrottle.SleepFor(0));
        Assert.Equal(TimeSpan.FromMilliseconds(2.5), AutoConvergeThrottle.SleepFor(20));
        Assert.Equal(TimeSpan.FromMilliseconds(10), AutoConvergeThrottle.SleepFor(50));
        Assert.Equal(TimeSpan.FromMilliseconds(990), AutoConvergeThrottle.SleepFor(99));
    }

    [Fact]
    public void Without_a_share_nobody_is_asked_to_leave()
    {
        var program = new ManualSteps(_clock, TimeSpan.FromMilliseconds(1), steps: 100);
        Assert.Equal(VcpuExit.Halted, Vcpu.Run(ref program));
        _throttle.Percentage = 50;
        _throttle.Percentage = 0;
        program = new ManualSteps(_clock, TimeSpan.FromMilliseconds(1), steps: 100);
        Assert.Equal(VcpuExit.Halted, Vcpu.Run(ref program));
        Assert.Equal(0ul, Vcpu.Stalls.Throttles);
    }

    [Fact]
    public void Who_sleeps_is_woken_when_the_throttle_is_lifted_or_the_vcpu_is_to_stop()
    {
        _throttle.Percentage = 99;
        _clock.DuringSleep = () => _throttle.Percentage = 0;
        RunOneSlice(CancellationToken.None);
        Assert.Equal(TimeSpan.FromMilliseconds(495), Assert.Single(_clock.Sleeps));

        using var stop = new CancellationTokenSource();
        _throttle.Percentage = 99;
        _clock.DuringSleep = stop.Cancel;
        RunOneSlice(stop.Token);
        Assert.Equal(TimeSpan.FromMilliseconds(495), _clock.Sleeps[1]);

        _clock.DuringSleep = _throttle.Dispose;
        RunOneSlice(CancellationToken.None);
        Assert.Equal(TimeSpan.FromMilliseconds(495), _clock.Sleeps[2]);
        Assert.Equal(0, _throttle.Percentage);
    }

    [Fact]
    public void A_stop_that_somebody_else_asks_for_is_no_sleep()
    {
        _throttle.Percentage = 50;
        Vcpu.RequestStop();
        var program = new ManualSteps(_clock, TimeSpan.FromMilliseconds(1), steps: 1);
        VcpuExit exit = Vcpu.Run(ref program);
        Assert.Equal(VcpuExit.Interrupted, exit);
        Assert.False(_throttle.Hold(Vcpu, exit));
        Assert.Empty(_clock.Sleeps);
    }

    [Fact]
    public void A_vcpu_that_is_outside_when_its_slice_ends_sleeps_once_when_it_runs_again()
    {
        _throttle.Percentage = 50;
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        var program = new ManualSteps(_clock, TimeSpan.Zero, steps: 5);
        Assert.Equal(1, RunToTheEnd(ref program));
    }

    [Fact]
    public void Shares_that_are_none_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _throttle.Percentage = 100);
        Assert.Throws<ArgumentOutOfRangeException>(() => _throttle.Percentage = -1);
        Assert.Throws<ArgumentOutOfRangeException>(() => AutoConvergeThrottle.SleepFor(100));
        Assert.Equal(0, _throttle.Percentage);
        Assert.Throws<ArgumentNullException>(() => _throttle.Hold(null!, VcpuExit.Interrupted));
        using var others = new VirtualMachine(_memory);
        Assert.Throws<ArgumentException>(() => _throttle.Hold(others.Vcpus[0], VcpuExit.Interrupted));
        Assert.Throws<ArgumentNullException>(() => new AutoConvergeThrottle(null!));
    }

    [Fact]
    public void On_real_threads_and_by_the_real_clock_it_holds_and_lets_go()
    {
        using var throttle = new AutoConvergeThrottle(_machine) { Percentage = 99 };
        using var stop = new CancellationTokenSource();
        bool held = false;
        new Crew(TimeSpan.FromSeconds(60)).Run(("vCPU", RunVcpu), ("who stops it", StopIt));
        Assert.True(held);

        void RunVcpu()
        {
            var program = default(Endless);
            while (!stop.IsCancellationRequested)
                held |= throttle.Hold(Vcpu, Vcpu.Run(ref program), stop.Token);
        }

        void StopIt()
        {
            var crew = new Crew(TimeSpan.FromSeconds(50));
            int idle = 0;
            while (Vcpu.Stalls.Throttles == 0)
                crew.Idle(ref idle, "the first sleep's end");
            stop.Cancel();
            Vcpu.RequestStop();
        }
    }

    private int RunToTheEnd(ref ManualSteps program)
    {
        int held = 0;
        while (Vcpu.Run(ref program) is var exit && exit != VcpuExit.Halted)
        {
            Assert.Equal(VcpuExit.Interrupted, exit);
            held += _throttle.Hold(Vcpu, exit) ? 1 : 0;
        }

        return held;
    }

    private void RunOneSlice(CancellationToken stop)
    {
        var program = new ManualSteps(_clock, TimeSpan.FromMilliseconds(1), steps: 2000);
        VcpuExit exit = Vcpu.Run(ref program);
        Assert.Equal(VcpuExit.Interrupted, exit);
        Assert.True(_throttle.Hold(Vcpu, exit, stop));
    }

    private struct Endless : IGuestProgram
    {
        public readonly VcpuExit Step(Vcpu vcpu) => vcpu.Store(0, 1ul);
    }
}
