using System.Diagnostics;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>The self-test with its vCPUs, and a device, on threads of their own, and a host that harvests beside them.</summary>
internal sealed class SelfTestRun : IDisposable
{
    // Enough that every vCPU has taken part, and that some pages are written again after a harvest.
    private const ulong FewestWrites = 30;

    // Pages that the device looks at in an iteration: few enough that it leaves the processors to the others.
    private const int DeviceLooks = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly SelfTestWorld _world;
    private readonly SelfTestCase _test;
    private readonly SemaphoreSlim[] _starts;
    private readonly Random _random;
    private readonly int _seed;
    private int _running;
    private bool _over;

    public SelfTestRun(SelfTestCase test, int vcpus, int seed, SelfTestMutation mutation = SelfTestMutation.None)
    {
        _test = test;
        _seed = seed;
        _random = new Random(seed);
        _world = new SelfTestWorld(test, vcpus, seed, mutation);
        _starts = [.. Enumerable.Range(0, vcpus + 1).Select(_ => new SemaphoreSlim(0))];
    }

    public SelfTestWorld World => _world;

    /// <summary>Stores of all vCPUs in all iterations.</summary>
    public ulong Writes { get; private set; }

    /// <summary>Runs so many iterations of at least the interval each. One of them, in the middle, is not logged.</summary>
    public void Run(int iterations, TimeSpan interval)
    {
        var crew = new Crew(Patience + (iterations * interval * 4));
        crew.Run(
        [
            .. _world.Machine.Vcpus.Select(vcpu => ($"vCPU {vcpu.Id}", (Action)(() => RunVcpu(vcpu)))),
            ("device", RunDevice),
            ("host", () => RunHost(crew, iterations, interval)),
        ]);
    }

    public void Dispose()
    {
        _world.Dispose();
        foreach (SemaphoreSlim start in _starts)
            start.Dispose();
    }

    private void RunVcpu(Vcpu vcpu)
    {
        var program = new SelfTestProgram(_world.Guests[vcpu.Id]);
        while (true)
        {
            _starts[vcpu.Id].Wait();
            if (Volatile.Read(ref _over))
                return;
            VcpuExit exit;
            while ((exit = vcpu.Run(ref program)) == VcpuExit.DirtyRingFull)
                Thread.Yield();
            Interlocked.Decrement(ref _running);
            if (exit != VcpuExit.Interrupted)
                throw new InvalidOperationException($"The vCPU left the guest with {exit}.");
        }
    }

    private void RunDevice()
    {
        var random = new Random(~_seed);
        while (true)
        {
            _starts[^1].Wait();
            if (Volatile.Read(ref _over))
                return;
            for (int looks = 0; looks < DeviceLooks; looks++)
            {
                int page = random.Next(SelfTestMemory.PageCount);
                if (_world.Plan.Writes(page, _world.Iteration))
                    _world.WriteAsDevice(page);
                Thread.SpinWait(100);
            }

            Interlocked.Decrement(ref _running);
        }
    }

    private void RunHost(Crew crew, int iterations, TimeSpan interval)
    {
        int unlogged = _random.Next(2, Math.Max(3, iterations - 1));
        try
        {
            _world.StartLog();
            for (int iteration = 1; iteration <= iterations; iteration++)
            {
                if (iteration == unlogged)
                    _world.StopLog();
                RunIteration(crew, iteration == iterations, iteration != unlogged, interval);
                if (iteration == unlogged)
                    _world.StartLog();
            }
        }
        finally
        {
            Volatile.Write(ref _over, true);
            foreach (Vcpu vcpu in _world.Machine.Vcpus)
                vcpu.RequestStop();
            foreach (SemaphoreSlim start in _starts)
                start.Release();
        }
    }

    private void RunIteration(Crew crew, bool isLast, bool isLogged, TimeSpan interval)
    {
        _world.Begin(isLast);
        Volatile.Write(ref _running, _starts.Length);
        foreach (SemaphoreSlim start in _starts)
            start.Release();
        long begin = Stopwatch.GetTimestamp();
        for (int idle = 0; Stopwatch.GetElapsedTime(begin) < interval || _world.Guests.Any(guest => guest.Writes < FewestWrites); crew.Idle(ref idle, "stores"))
            WorkAsHost(isLogged);
        foreach (Vcpu vcpu in _world.Machine.Vcpus)
            vcpu.RequestStop();
        for (int idle = 0; Volatile.Read(ref _running) != 0; crew.Idle(ref idle, "the vCPUs to stop"))
            WorkAsHost(isLogged);
        Writes += _world.Guests.Aggregate(0ul, (sum, guest) => sum + guest.Writes);
        _world.End();
    }

    private void WorkAsHost(bool isLogged)
    {
        if (isLogged)
            _world.Harvest();
        if (_random.Next(4) == 0)
            _test.ChangeFrame?.Invoke(_world.Machine, _world.Memory.GfnOf(_random.Next(SelfTestMemory.PageCount)), _random.Next(64));
    }
}
