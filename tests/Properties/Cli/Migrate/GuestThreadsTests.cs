using System.Diagnostics;
using RingKit.Cli.Migrate.Running;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Throttling;
using Xunit;

namespace RingKit.Properties.Cli.Migrate;

public sealed class GuestThreadsTests : IDisposable
{
    private const ulong Pages = 1024;
    private const int Vcpus = 3;

    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;

    public GuestThreadsTests()
    {
        _memory.AddSlot(0, 0, Pages);
        _machine = new VirtualMachine(_memory, Vcpus);
    }

    [Fact]
    public void Nothing_is_stored_while_the_guest_is_paused()
    {
        using GuestThreads<RandomStores> guest = Start(double.PositiveInfinity);
        for (int pause = 0; pause < 20; pause++)
        {
            WaitForStores(guest);
            guest.Pause();
            byte[] before = _memory.Slots[0].Memory.AsSpan().ToArray();
            ulong stores = guest.Stores;
            Thread.Sleep(2);
            Assert.Equal(stores, guest.Stores);
            Assert.True(before.AsSpan().SequenceEqual(_memory.Slots[0].Memory.AsSpan()));
            guest.Resume();
        }

        Assert.Null(guest.Failure);
    }

    [Fact]
    public void A_rate_is_not_exceeded()
    {
        long start = Stopwatch.GetTimestamp();
        using GuestThreads<RandomStores> guest = Start(20_000);
        WaitForStores(guest);
        Thread.Sleep(200);
        guest.Pause();
        Assert.InRange(guest.Stores, 1ul, (ulong)(Stopwatch.GetElapsedTime(start).TotalSeconds * 20_000 * Vcpus) + Vcpus);
    }

    [Fact]
    public void A_guest_that_waits_pauses_and_ends_at_once()
    {
        long start = Stopwatch.GetTimestamp();
        using (GuestThreads<RandomStores> guest = Start(0))
        {
            guest.Pause();
            guest.Resume();
            Assert.Equal(0ul, guest.Stores);
        }

        // Each vCPU sleeps a second at a time where nobody wakes it.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 30);
    }

    [Fact]
    public void A_vcpu_whose_ring_is_full_has_it_served_and_goes_on()
    {
        using var log = new RingDirtyLog(_machine, 256);
        log.Start();
        using GuestThreads<RandomStores> guest = Start(double.PositiveInfinity);
        var server = new Harvester(log);
        guest.FullRings = server;
        while (server.Served < 50)
            Thread.Sleep(1);
        guest.Pause();
        Assert.Null(guest.Failure);
        Assert.True(guest.StallTime > TimeSpan.Zero);
    }

    [Fact]
    public void A_vcpu_whose_ring_is_full_waits_for_somebody_who_serves()
    {
        using var log = new RingDirtyLog(_machine, 256);
        log.Start();
        using GuestThreads<RandomStores> guest = Start(double.PositiveInfinity);
        while (_machine.Stalls.RingFullExits < 10)
            Thread.Sleep(1);
        guest.Pause();
        Assert.Null(guest.Failure);
        log.Stop();
        ulong stores = guest.Stores;
        guest.Resume();
        WaitForStores(guest, stores);
    }

    [Fact]
    public void A_vcpu_that_is_held_back_sleeps_and_ends()
    {
        using var throttle = new AutoConvergeThrottle(_machine) { Percentage = 99 };
        using GuestThreads<RandomStores> guest = new(_machine, double.PositiveInfinity, Source, throttle);
        while (_machine.Stalls.Throttles == 0 && _machine.Stalls.ThrottleTime == TimeSpan.Zero)
        {
            Thread.Sleep(5);
            throttle.Percentage = 98;
            throttle.Percentage = 99;
            Thread.Sleep(20);
        }

        guest.Pause();
        Assert.Null(guest.Failure);
    }

    [Fact]
    public void A_vcpu_that_fails_ends_the_next_pause_with_its_reason()
    {
        using var guest = new GuestThreads<Failing>(_machine, double.PositiveInfinity, vcpu => new Failing(vcpu == 1));
        while (guest.Failure is null)
            Thread.Sleep(1);
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(guest.Pause);
        Assert.Equal("vCPU 1 left the guest with NoMemory.", e.InnerException!.Message);
        guest.Resume();
    }

    public void Dispose()
    {
        _machine.Dispose();
        _memory.Dispose();
    }

    private static RandomStores Source(int vcpu) => RandomStores.Alike(Pages, SplitMix.CounterOf(7, vcpu));

    private static void WaitForStores(GuestThreads<RandomStores> guest, ulong? from = null)
    {
        ulong start = from ?? guest.Stores;
        while (guest.Stores == start)
            Thread.Sleep(1);
    }

    private GuestThreads<RandomStores> Start(double rate) => new(_machine, rate, Source);

    /// <summary>Stores to a page that there is, or beyond all of them.</summary>
    private readonly struct Failing(bool fails) : IStoreSource
    {
        public VcpuExit Store(Vcpu vcpu) => vcpu.Store(fails ? Pages << GuestPage.Shift : 0, 1ul);
    }

    private sealed class Harvester(RingDirtyLog log) : IFullRingServer
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
            lock (_lock)
            {
                if (!log.NeedsHarvest(vcpu))
                    return;
                log.Clear();
                _served++;
            }
        }
    }
}
