using RingKit.Mmu.Guest;
using RingKit.Mmu.Throttling;

namespace RingKit.Mmu.Migration.Running;

/// <summary>Runs a program on each vCPU of a machine, each on a thread of its own.</summary>
/// <remarks>
/// Thread role: any thread but the vCPUs'; <see cref="Dispose"/> by one, before the machine's. A program that throws, or that touches what is no memory,
/// ends its
/// vCPU's thread; the next <see cref="Pause"/> or <see cref="Stop"/> brings out why.
/// </remarks>
/// <typeparam name="TProgram">The programs' type.</typeparam>
public sealed class VcpuThreads<TProgram> : IGuestRunner, IDisposable
    where TProgram : struct, IGuestProgram
{
    // A vCPU that finds its ring full and nobody there to empty it looks again after so long.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(1);

    private readonly VirtualMachine _machine;
    private readonly TProgram[] _programs;
    private readonly Thread[] _threads;

    // Guards all that follows; threads that wait for one of them to change wait on it.
    private readonly object _gate = new();
    private IFullRingServer? _fullRings;
    private CancellationTokenSource _wake = new();
    private Exception? _failure;
    private int _running;
    private int _halted;
    private bool _isStarted;
    private bool _isPaused;
    private bool _isStopping;

    /// <summary>Prepares the threads; they run from <see cref="Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="program">Makes the program of a vCPU, by its number.</param>
    /// <exception cref="ArgumentNullException">There is no machine, or no program.</exception>
    public VcpuThreads(VirtualMachine machine, Func<int, TProgram> program)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(program);
        _machine = machine;
        _programs = [.. machine.Vcpus.Select(vcpu => program(vcpu.Id))];
        _threads = [.. machine.Vcpus.Select(vcpu => new Thread(() => RunGuarded(vcpu)) { Name = $"vCPU {vcpu.Id}", IsBackground = true })];
    }

    /// <inheritdoc/>
    public IFullRingServer? FullRings
    {
        get
        {
            lock (_gate)
                return _fullRings;
        }

        set
        {
            lock (_gate)
            {
                _fullRings = value;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <inheritdoc/>
    public TimeSpan StallTime => _machine.Stalls.Total;

    /// <summary>Holds the vCPUs back between two entries into the guest; null if nothing does.</summary>
    public VcpuThrottle? Throttle { get; init; }

    /// <summary>Whether all programs have ended.</summary>
    public bool IsHalted
    {
        get
        {
            lock (_gate)
                return _halted == _threads.Length;
        }
    }

    /// <summary>A vCPU's program as it stands, while the vCPUs are paused or stopped.</summary>
    /// <param name="vcpu">The vCPU's number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such vCPU.</exception>
    /// <exception cref="InvalidOperationException">vCPUs are running.</exception>
    public TProgram ProgramOf(int vcpu)
    {
        if ((uint)vcpu >= (uint)_programs.Length)
            throw new ArgumentOutOfRangeException(nameof(vcpu), vcpu, $"The machine has {_programs.Length} vCPUs.");
        lock (_gate)
        {
            if (_running != 0)
                throw new InvalidOperationException("Pause the vCPUs first.");
            return _programs[vcpu];
        }
    }

    /// <summary>Starts the threads, once.</summary>
    /// <exception cref="InvalidOperationException">They were started already.</exception>
    public void Start()
    {
        lock (_gate)
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
        lock (_gate)
        {
            _isPaused = true;
            _wake.Cancel();
            AwaitNobodyInside();
            ThrowIfFailed();
        }
    }

    /// <inheritdoc/>
    public void Resume()
    {
        lock (_gate)
        {
            _isPaused = false;
            if (!_isStopping && _wake.IsCancellationRequested)
                _wake = new CancellationTokenSource();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Ends the threads, wherever their programs are.</summary>
    /// <exception cref="InvalidOperationException">A vCPU has failed; the inner exception says how.</exception>
    public void Stop()
    {
        Dispose();
        lock (_gate)
            ThrowIfFailed();
    }

    /// <summary>Ends the threads, whatever has happened in them.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_isStarted)
                return;
            _isStopping = true;
            _wake.Cancel();
            Monitor.PulseAll(_gate);
            AwaitNobodyInside();
        }

        foreach (Thread thread in _threads)
            thread.Join();
    }

    private void AwaitNobodyInside()
    {
        if (_running != 0)
        {
            foreach (Vcpu vcpu in _machine.Vcpus)
                vcpu.RequestStop();
        }

        while (_running != 0)
            Monitor.Wait(_gate);
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
            throw new InvalidOperationException(_failure.Message, _failure);
    }

    private void RunGuarded(Vcpu vcpu)
    {
        try
        {
            while (TryEnter(out CancellationToken wake))
            {
                VcpuExit exit;
                try
                {
                    exit = vcpu.Run(ref _programs[vcpu.Id]);
                }
                finally
                {
                    Leave();
                }

                if (exit == VcpuExit.Halted)
                    break;
                Handle(vcpu, exit, wake);
            }
        }
        catch (Exception failure)
        {
            lock (_gate)
                _failure ??= failure;
        }
        finally
        {
            lock (_gate)
                _halted++;
        }
    }

    private bool TryEnter(out CancellationToken wake)
    {
        lock (_gate)
        {
            while (_isPaused && !_isStopping)
                Monitor.Wait(_gate);
            wake = _wake.Token;
            if (_isStopping)
                return false;
            _running++;
            return true;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            _running--;
            Monitor.PulseAll(_gate);
        }
    }

    private void Handle(Vcpu vcpu, VcpuExit exit, CancellationToken wake)
    {
        if (exit is not (VcpuExit.Interrupted or VcpuExit.DirtyRingFull or VcpuExit.DirtyQuotaExhausted))
            throw new InvalidOperationException($"vCPU {vcpu.Id} left the guest for good: {exit}.");

        if (exit == VcpuExit.DirtyRingFull)
            FullRings?.ServeFullRing(vcpu);
        bool wasHeld = Throttle?.Hold(vcpu, exit, wake) == true;

        // Nobody made room, or whoever is asked only sees to it that somebody does; or the quota is somebody else's.
        if (exit == VcpuExit.DirtyRingFull && _machine.DirtyLog?.NeedsHarvest(vcpu) == true)
            AwaitChange();
        else if (exit == VcpuExit.DirtyQuotaExhausted && !wasHeld)
            AwaitChange();
    }

    // Not by the token's handle, which each pause would leave to the finalizer. Who stops the thread, or serves its ring, wakes it.
    private void AwaitChange()
    {
        lock (_gate)
        {
            if (!_isPaused && !_isStopping)
                Monitor.Wait(_gate, LookAgain);
        }
    }
}
