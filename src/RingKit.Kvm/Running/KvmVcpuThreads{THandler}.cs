using System.Collections.Immutable;
using System.Diagnostics;
using RingKit.Kvm.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;

namespace RingKit.Kvm.Running;

/// <summary>Runs the vCPUs of a real guest, each on a thread of its own.</summary>
/// <remarks>
/// Thread role: any thread but the vCPUs'; <see cref="Dispose"/> by one, before the guest's. A guest that does what its handler does not expect ends its
/// vCPU's thread; the next <see cref="Pause"/> or <see cref="Stop"/> brings out why.
/// </remarks>
/// <typeparam name="THandler">Answers what the guests want.</typeparam>
public sealed class KvmVcpuThreads<THandler> : IGuestRunner, IDisposable
    where THandler : struct, IKvmExitHandler
{
    // A vCPU that finds its ring full and nobody there to empty it looks again after so long.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(1);

    private readonly KvmGuest _guest;
    private readonly ImmutableArray<KvmVcpu> _vcpus;
    private readonly THandler[] _handlers;
    private readonly Thread[] _threads;

    // Guards all that follows; threads that wait for one of them to change wait on it.
    private readonly object _gate = new();
    private IFullRingServer? _fullRings;
    private Exception? _failure;
    private TimeSpan _stallTime;
    private int _running;
    private int _ended;
    private bool _isStarted;
    private bool _isPaused;
    private bool _isStopping;

    /// <summary>Prepares the threads; they run from <see cref="Start"/> on.</summary>
    /// <param name="guest">The guest, whose vCPUs have the registers with which they begin.</param>
    /// <param name="handler">Makes the handler of a vCPU, by its number; by default all are alike.</param>
    /// <exception cref="ArgumentNullException">There is no guest.</exception>
    public KvmVcpuThreads(KvmGuest guest, Func<int, THandler>? handler = null)
    {
        ArgumentNullException.ThrowIfNull(guest);
        _guest = guest;
        _vcpus = guest.Vcpus;
        _fullRings = guest.Log;
        _handlers = [.. _vcpus.Select((_, number) => handler is null ? default : handler(number))];
        _threads = [.. _vcpus.Select((_, number) => new Thread(() => RunGuarded(number)) { Name = $"KVM vCPU {number}", IsBackground = true })];
    }

    /// <summary>Who empties full rings: at first the guest's own log, into itself.</summary>
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
                // A migration takes itself away with null; the log goes on then.
                _fullRings = value ?? _guest.Log;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <inheritdoc/>
    public TimeSpan StallTime
    {
        get
        {
            lock (_gate)
                return _stallTime;
        }
    }

    /// <summary>Whether all vCPUs have ended.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_gate)
                return _ended == _threads.Length;
        }
    }

    /// <summary>A vCPU's handler as it stands, while the vCPUs are paused, or have ended.</summary>
    /// <param name="vcpu">The vCPU's number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such vCPU.</exception>
    /// <exception cref="InvalidOperationException">vCPUs are running.</exception>
    public THandler HandlerOf(int vcpu)
    {
        if ((uint)vcpu >= (uint)_handlers.Length)
            throw new ArgumentOutOfRangeException(nameof(vcpu), vcpu, $"The guest has {_handlers.Length} vCPUs.");
        lock (_gate)
        {
            if (_running != 0)
                throw new InvalidOperationException("Pause the vCPUs first.");
            return _handlers[vcpu];
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
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until all vCPUs have ended by themselves.</summary>
    /// <param name="patience">How long.</param>
    /// <returns>Whether they have.</returns>
    /// <exception cref="InvalidOperationException">A vCPU has failed; the inner exception says how.</exception>
    public bool AwaitEnd(TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        lock (_gate)
        {
            while (_ended < _threads.Length && _failure is null)
            {
                TimeSpan left = patience - clock.Elapsed;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
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
            Monitor.PulseAll(_gate);
            AwaitNobodyInside();
        }

        foreach (Thread thread in _threads)
            thread.Join();
    }

    // A vCPU that has entered since, and one that is about to, find the request.
    private void AwaitNobodyInside()
    {
        if (_running != 0)
        {
            foreach (KvmVcpu vcpu in _vcpus)
                vcpu.RequestExit();
        }

        while (_running != 0)
            Monitor.Wait(_gate);
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
            throw new InvalidOperationException(_failure.Message, _failure);
    }

    private void RunGuarded(int number)
    {
        KvmVcpu vcpu = _vcpus[number];
        try
        {
            while (TryEnter())
            {
                KvmExit exit;
                try
                {
                    exit = vcpu.Run();
                }
                finally
                {
                    Leave();
                }

                if (exit.Reason == KvmExitReason.DirtyRingFull)
                    MakeRoom(_guest.Machine.Vcpus[number]);
                else if (exit.Reason != KvmExitReason.Interrupted && !_handlers[number].Handle(vcpu, in exit))
                    break;
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
            {
                _ended++;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private bool TryEnter()
    {
        lock (_gate)
        {
            while (_isPaused && !_isStopping)
                Monitor.Wait(_gate);
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

    private void MakeRoom(Vcpu vcpu)
    {
        var clock = Stopwatch.StartNew();
        FullRings?.ServeFullRing(vcpu);
        lock (_gate)
        {
            // Whoever was asked only sees to it that somebody makes room.
            if (_guest.Log.NeedsHarvest(vcpu) && !_isPaused && !_isStopping)
                Monitor.Wait(_gate, LookAgain);
            _stallTime += clock.Elapsed;
        }
    }
}
