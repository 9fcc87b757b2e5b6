using RingKit.Cli.Migrate.Workloads;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Throttling;

namespace RingKit.Cli.Migrate.Running;

/// <summary>Runs a source of stores on each vCPU of a machine, on a thread of its own, until it is disposed.</summary>
internal sealed class GuestThreads<TSource> : IRunningGuest
    where TSource : struct, IStoreSource
{
    // After so long a vCPU whose ring is full, and whom nobody serves, looks again.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(1);

    private readonly VirtualMachine _machine;
    private readonly GuestGate _gate;
    private readonly StorePacer[] _pacers;
    private readonly Thread[] _threads;
    private readonly VcpuThrottle? _throttle;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private IFullRingServer? _fullRings;
    private Exception? _failure;

    /// <summary>Starts the vCPUs.</summary>
    /// <param name="machine">The machine; nobody else runs its vCPUs.</param>
    /// <param name="storesPerSecond">Of each vCPU.</param>
    /// <param name="sourceOf">What each stores.</param>
    /// <param name="throttle">What holds them back, or null.</param>
    public GuestThreads(VirtualMachine machine, double storesPerSecond, Func<int, TSource> sourceOf, VcpuThrottle? throttle = null)
    {
        _machine = machine;
        _throttle = throttle;
        _gate = new GuestGate(machine);
        _pacers = [.. machine.Vcpus.Select(_ => new StorePacer(storesPerSecond, TimeProvider.System))];
        _threads = [.. machine.Vcpus.Select(vcpu =>
        {
            TSource source = sourceOf(vcpu.Id);
            return new Thread(() => Run(vcpu, source)) { IsBackground = true, Name = $"vCPU {vcpu.Id}" };
        })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    public IFullRingServer? FullRings
    {
        get
        {
            lock (_lock)
                return _fullRings;
        }

        set
        {
            lock (_lock)
                _fullRings = value;
        }
    }

    public Exception? Failure
    {
        get
        {
            lock (_lock)
                return _failure;
        }
    }

    public TimeSpan StallTime => _machine.Stalls.Total;

    public ulong Stores => _pacers.Aggregate(0UL, (sum, pacer) => sum + pacer.Stores);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A vCPU's thread has ended; the inner exception says why.</exception>
    public void Pause()
    {
        _gate.Pause();
        if (Failure is { } failure)
            throw new InvalidOperationException(failure.Message, failure);
    }

    public void Resume() => _gate.Resume();

    public void Dispose()
    {
        _end.Cancel();
        _gate.Close();
        foreach (Thread thread in _threads)
            thread.Join();
        _end.Dispose();
    }

    private void Run(Vcpu vcpu, TSource source)
    {
        StorePacer pacer = _pacers[vcpu.Id];
        var program = new PacedProgram<TSource>(source, pacer);
        try
        {
            while (_gate.TryEnter())
            {
                VcpuExit exit;
                try
                {
                    exit = vcpu.Run(ref program);
                }
                finally
                {
                    _gate.Leave();
                }

                bool isHeld = _throttle?.Hold(vcpu, exit, _end.Token) == true;
                if (isHeld)
                    pacer.LoseTime();
                if (exit == VcpuExit.DirtyRingFull)
                    ServeFullRing(vcpu);
                else if (!isHeld && exit != VcpuExit.Interrupted)
                    throw new InvalidOperationException($"vCPU {vcpu.Id} left the guest with {exit}.");
                else if (!isHeld && program.IsWaiting)
                    _gate.Sleep(pacer.Wait);
            }
        }
        catch (Exception e)
        {
            // The other vCPUs go on; the migration ends, and this is why.
            lock (_lock)
                _failure ??= e;
        }
    }

    private void ServeFullRing(Vcpu vcpu)
    {
        FullRings?.ServeFullRing(vcpu);
        if (_machine.DirtyLog?.NeedsHarvest(vcpu) == true)
            _gate.Sleep(LookAgain);
    }
}
