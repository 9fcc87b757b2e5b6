using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>vCPUs on threads of their own: paused, resumed, stopped, and how they end.</summary>
public sealed class VcpuThreadsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;

    public VcpuThreadsTests()
    {
        _memory.AddSlot(0, 0, 64);
        _machine = new VirtualMachine(_memory, 3);
    }

    public void Dispose()
    {
        _machine.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void Paused_vcpus_do_nothing_and_go_on_where_they_were()
    {
        using var threads = new VcpuThreads<Count>(_machine, _ => new Count(ulong.MaxValue));
        Assert.Equal(0ul, threads.ProgramOf(2).Steps);
        threads.Start();
        ulong before = 0;
        for (int i = 0; i < 20; i++)
        {
            Assert.True(SpinWait.SpinUntil(() => Steps(threads) > before, Patience));
            threads.Pause();
            before = threads.ProgramOf(0).Steps;
            Thread.Yield();
            Assert.Equal(before, threads.ProgramOf(0).Steps);
            threads.Pause();
            threads.Resume();
        }

        threads.Stop();
        Assert.True(threads.ProgramOf(1).Steps > 0);
    }

    [Fact]
    public void Programs_that_end_end_their_threads()
    {
        using var threads = new VcpuThreads<Count>(_machine, vcpu => new Count((ulong)vcpu * 1000));
        threads.Start();
        Assert.True(SpinWait.SpinUntil(() => threads.HasEnded, Patience));
        threads.Pause();
        Assert.Equal([0ul, 1000ul, 2000ul], [threads.ProgramOf(0).Steps, threads.ProgramOf(1).Steps, threads.ProgramOf(2).Steps]);
        threads.Resume();
        threads.Stop();
    }

    [Theory]
    [InlineData(true, "at step 100")]
    [InlineData(false, "left the guest for good: NoMemory")]
    public void What_a_program_throws_and_what_it_cannot_touch_comes_out(bool throws, string because)
    {
        using var threads = new VcpuThreads<Fail>(_machine, vcpu => new Fail(vcpu == 1, throws));
        threads.Start();
        InvalidOperationException? failure = null;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                try
                {
                    threads.Pause();
                    threads.Resume();
                }
                catch (InvalidOperationException exception)
                {
                    failure = exception;
                }

                return failure is not null;
            },
            Patience));
        Assert.Contains(because, failure!.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.InnerException);

        // The others stand still, as after any pause, and go on.
        Assert.False(threads.HasEnded);
        threads.Resume();
        Assert.Throws<InvalidOperationException>(threads.Stop);
        threads.Dispose();
    }

    [Fact]
    public void A_full_ring_waits_for_whoever_serves_it()
    {
        using var log = new RingDirtyLog(_machine, ringEntries: 16, reservedEntries: 4);
        log.Start();
        using var threads = new VcpuThreads<Touch>(_machine, _ => default);
        threads.Start();

        // Nobody serves: the vCPUs stand at their soft limit, and can be paused all the same.
        Assert.True(SpinWait.SpinUntil(() => _machine.Vcpus.All(vcpu => vcpu.Stalls.RingFullExits > 0), Patience));
        threads.Pause();
        ulong[] stuck = [.. Enumerable.Range(0, 3).Select(vcpu => threads.ProgramOf(vcpu).Stores)];
        Assert.All(stuck, stores => Assert.InRange(stores, 1ul, 64ul));
        threads.Resume();

        var server = new HarvestingServer(log);
        threads.FullRings = server;
        Assert.True(SpinWait.SpinUntil(() => server.Served > 100, Patience));
        threads.Stop();
        Assert.True(Enumerable.Range(0, 3).Sum(vcpu => (long)threads.ProgramOf(vcpu).Stores) > stuck.Sum(stores => (long)stores));
        Assert.True(threads.StallTime > TimeSpan.Zero);
    }

    [Fact]
    public void Wrong_uses_are_refused()
    {
        using var threads = new VcpuThreads<Count>(_machine, _ => new Count(ulong.MaxValue));
        threads.Start();
        Assert.Throws<InvalidOperationException>(threads.Start);
        Assert.Throws<ArgumentOutOfRangeException>("vcpu", () => threads.ProgramOf(3));
        Assert.Throws<ArgumentNullException>("program", () => new VcpuThreads<Count>(_machine, null!));
        Assert.True(SpinWait.SpinUntil(() => Steps(threads) > 0, Patience));
    }

    private static ulong Steps(VcpuThreads<Count> threads)
    {
        threads.Pause();
        ulong steps = threads.ProgramOf(0).Steps;
        threads.Resume();
        return steps;
    }

    private struct Count(ulong most) : IGuestProgram
    {
        public ulong Steps { get; private set; }

        public VcpuExit Step(Vcpu vcpu)
        {
            if (Steps == most)
                return VcpuExit.Halted;
            Steps++;
            return VcpuExit.None;
        }
    }

    private struct Fail(bool fails, bool throws) : IGuestProgram
    {
        private int _steps;

        public VcpuExit Step(Vcpu vcpu)
        {
            if (++_steps < 100 || !fails)
                return VcpuExit.None;
            return throws ? throw new InvalidDataException("at step 100") : vcpu.Store(1000ul << GuestPage.Shift, 1ul);
        }
    }

    private struct Touch : IGuestProgram
    {
        public ulong Stores { get; private set; }

        public VcpuExit Step(Vcpu vcpu)
        {
            VcpuExit exit = vcpu.Store(Stores % 64 << GuestPage.Shift, Stores);
            if (exit == VcpuExit.None)
                Stores++;
            return exit;
        }
    }

    private sealed class HarvestingServer(IDirtyLog log) : IFullRingServer
    {
        private readonly Lock _lock = new();
        private int _served;

        public int Served
        {
            get
            {
                lock (_lock)
                    return _served;
            }
        }

        public void ServeFullRing(Vcpu vcpu)
        {
            log.Clear();
            lock (_lock)
                _served++;
        }
    }
}
