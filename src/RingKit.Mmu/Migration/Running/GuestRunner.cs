using System.Collections.Immutable;
using System.Diagnostics;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Running;

/// <summary>Runs a guest's vCPUs, each on a thread of its own, and keeps all of them out of the guest at once when it is told to.</summary>
/// <remarks>
/// What runs the guest is the deriving class's: <see cref="VcpuThreads{TProgram}"/> runs programs on the simulated vCPUs, others a hypervisor's.
/// <para>
/// Thread role: any thread but the vCPUs'; <see cref="Dispose"/> by one, before the machine's. A vCPU that fails ends its thread; the next <see cref="Pause"/> or
/// <see cref="Stop"/> brings out why.
/// </para>
/// </remarks>
public abstract class GuestRunner : IGuestRunner, IDisposable
{
    private readonly VirtualMachine _machine;
    private readonly IFullRingServer? _ownServer;
    private readonly VcpuGate _gate;
    private readonly ImmutableArray<Thread> _threads;

    // Guards what follows; who waits for an end waits on it.
    private readonly object _lock = new();
    private IFullRingServer? _fullRings;
    private Exception? _failure;
    private int _ended;
    private bool _isStarted;

    /// <summary>Prepares the threads; they run from <see cref="Start"/> on.</summary>
    /// <param name="machine">The machine whose vCPUs, or whose vCPUs' numbers, the threads have.</param>
    /// <param name="ownServer">Who empties full rings as long as <see cref="FullRings"/> is set to null, if anybody.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    protected GuestRunner(VirtualMachine machine, IFullRingServer? ownServer = null)
    {
        ArgumentNullException.ThrowIfNull(machine);
        _machine = machine;
        _fullRings = _ownServer = ownServer;
        _gate = new VcpuGate(() =>
        {
            foreach (Vcpu vcpu in machine.Vcpus)
                RequestExit(vcpu);
        });
        _threads = [.. machine.Vcpus.Select(vcpu => new Thread(() => RunGuarded(vcpu)) { Name = $"vCPU {vcpu.Id}", IsBackground = true })];
    }

    /// <inheritdoc/>
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
                _fullRings = value ?? _ownServer;
            _gate.AnnounceChange();
        }
    }

    /// <inheritdoc/>
    public abstract TimeSpan StallTime { get; }

    /// <summary>Whether all vCPUs' threads have ended.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_lock)
                return _ended == _threads.Length;
        }
    }

    /// <summary>What first ended a vCPU's thread that should have gone on, or null.</summary>
    public Exception? Failure
    {
        get
        {
            lock (_lock)
                return _failure;
        }
    }

    /// <summary>Cancelled while the vCPUs are paused, and when they are stopped: <see cref="Answer"/> is to sleep no longer then.</summary>
    protected CancellationToken Hurry => _gate.Hurry;

    /// <summary>Starts the threads, once.</summary>
    /// <exception cref="InvalidOperationException">They were started already.</exception>
    public void Start()
    {
        lock (_lock)
        {
            if (_isStarted)
                throw new InvalidOperationException("The vCPUs were started already.");
            _isStarted = true;
        }

        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A vCPU has failed; the inner exception says how.</exception>
    public void Pause()
    {
        _gate.Pause();
        ThrowIfFailed();
    }

    /// <inheritdoc/>
    public void Resume() => _gate.Resume();

    /// <summary>Waits until all vCPUs have ended by themselves.</summary>
    /// <param name="patience">How long.</param>
    /// <returns>Whether they have.</returns>
    /// <exception cref="InvalidOperationException">A vCPU has failed; the inner exception says how.</exception>
    public bool AwaitEnd(TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        lock (_lock)
        {
            while (_ended < _threads.Length && _failure is null)
            {
                TimeSpan left = patience - clock.Elapsed;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_lock, left))
                    break;
            }

            ThrowIfFailed();
            return _ended == _threads.Length;
        }
    }

    /// <summary>Ends the threads, wherever their guests are.</summary>
    /// <exception cref="InvalidOperationException">A vCPU has failed; the inner exception says how.</exception>
    public void Stop()
    {
        Dispose();
        ThrowIfFailed();
    }

    /// <summary>Ends the threads, whatever has happened in them.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        lock (_lock)
        {
            if (!_isStarted)
                return;
        }

        _gate.Dispose();
        foreach (Thread thread in _threads)
            thread.Join();
    }

    /// <summary>Runs the guest until there is a reason to leave it. No <see cref="Pause"/> returns meanwhile. The vCPU's thread.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <returns>The reason: after <see cref="VcpuExit.Halted"/> the thread ends, after all others comes <see cref="Answer"/>.</returns>
    protected abstract VcpuExit Run(Vcpu vcpu);

    /// <summary>Asks a vCPU to leave the guest at once or, where it is not in it yet, as soon as it enters. Any thread; it must not block.</summary>
    /// <param name="vcpu">The vCPU.</param>
    protected abstract void RequestExit(Vcpu vcpu);

    /// <summary>
    /// Does what there is to do before a vCPU runs again. It may take its time, and must not touch the guest's memory: a pause does not wait for it. The
    /// vCPU's thread.
    /// </summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="exit">Why it has left the guest.</param>
    protected abstract void Answer(Vcpu vcpu, VcpuExit exit);

    /// <summary>Has a vCPU's full ring emptied. Where nobody has made room, some time has passed when it returns. The vCPU's thread.</summary>
    /// <param name="vcpu">The vCPU.</param>
    protected void MakeRoom(Vcpu vcpu)
    {
        // Whoever is asked may only see to it that somebody makes room.
        FullRings?.ServeFullRing(vcpu);
        if (_machine.DirtyLog?.NeedsHarvest(vcpu) == true)
            AwaitChange();
    }

    /// <summary>Waits until something may have changed: a millisecond, or less. A vCPU's thread.</summary>
    protected void AwaitChange() => _gate.AwaitChange();

    /// <summary>Waits, but not beyond the end. A vCPU's thread.</summary>
    /// <param name="time">How long, to the next millisecond.</param>
    protected void Sleep(TimeSpan time) => _gate.Sleep(time);

    /// <summary>Refuses what may only be done while no vCPU is in the guest.</summary>
    /// <exception cref="InvalidOperationException">vCPUs are running.</exception>
    protected void RequireNobodyInside()
    {
        if (!_gate.IsEmpty)
            throw new InvalidOperationException("Pause the vCPUs first.");
    }

    private void ThrowIfFailed()
    {
        if (Failure is { } failure)
            throw new InvalidOperationException(failure.Message, failure);
    }

    private void RunGuarded(Vcpu vcpu)
    {
        try
        {
            while (_gate.TryEnter())
            {
                VcpuExit exit;
                try
                {
                    exit = Run(vcpu);
                }
                finally
                {
                    _gate.Leave();
                }

                if (exit == VcpuExit.Halted)
                    break;
                Answer(vcpu, exit);
            }
        }
        catch (Exception failure)
        {
            // The other vCPUs go on.
            lock (_lock)
                _failure ??= failure;
        }
        finally
        {
            lock (_lock)
            {
                _ended++;
                Monitor.PulseAll(_lock);
            }
        }
    }
}
