namespace RingKit.Mmu.Migration.Running;

/// <summary>Lets vCPUs into the guest, or keeps all of them out of it.</summary>
/// <remarks>
/// Thread role: <see cref="TryEnter"/>, <see cref="Leave"/> and the waits by the vCPUs' threads, the others by any other. Who waits for a change of any of the
/// fields waits on the one monitor that guards them.
/// </remarks>
/// <param name="requestExits">Asks all vCPUs to leave the guest at once or, where they are not in it yet, as soon as they enter. It must not block.</param>
internal sealed class VcpuGate(Action requestExits) : IDisposable
{
    // Who waits for what nobody announces looks again after so long.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(1);

    private readonly object _monitor = new();

    // Never disposed: it has no timer, nobody waits for its handle, and vCPUs ask for it to the end.
    private CancellationTokenSource _hurry = new();
    private int _inside;
    private bool _isPaused;
    private bool _isClosed;

    /// <summary>Cancelled while the gate keeps vCPUs out.</summary>
    public CancellationToken Hurry
    {
        get
        {
            lock (_monitor)
                return _hurry.Token;
        }
    }

    /// <summary>Whether no vCPU is in the guest.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_monitor)
                return _inside == 0;
        }
    }

    /// <summary>Waits until the vCPU may enter.</summary>
    /// <returns>False if none will any more.</returns>
    public bool TryEnter()
    {
        lock (_monitor)
        {
            while (_isPaused && !_isClosed)
                Monitor.Wait(_monitor);
            if (_isClosed)
                return false;
            _inside++;
            return true;
        }
    }

    /// <summary>The vCPU has left the guest.</summary>
    public void Leave()
    {
        lock (_monitor)
        {
            _inside--;
            Monitor.PulseAll(_monitor);
        }
    }

    /// <summary>Returns when no vCPU is in the guest, and none enters until <see cref="Resume"/>.</summary>
    public void Pause()
    {
        lock (_monitor)
        {
            _isPaused = true;
            _hurry.Cancel();
            AwaitEmpty();
        }
    }

    /// <summary>Lets vCPUs in again.</summary>
    public void Resume()
    {
        lock (_monitor)
        {
            _isPaused = false;
            if (!_isClosed && _hurry.IsCancellationRequested)
                _hurry = new CancellationTokenSource();
            Monitor.PulseAll(_monitor);
        }
    }

    /// <summary>Returns when no vCPU is in the guest, and none ever enters again.</summary>
    public void Dispose()
    {
        lock (_monitor)
        {
            _isClosed = true;
            _hurry.Cancel();
            Monitor.PulseAll(_monitor);
            AwaitEmpty();
        }
    }

    /// <summary>Ends each <see cref="AwaitChange"/> that is under way.</summary>
    public void AnnounceChange()
    {
        lock (_monitor)
            Monitor.PulseAll(_monitor);
    }

    /// <summary>Waits outside the guest until something may have changed: a millisecond, or less.</summary>
    public void AwaitChange()
    {
        // Not by the token's handle, which each pause would leave to the finalizer.
        lock (_monitor)
        {
            if (!_isPaused && !_isClosed)
                Monitor.Wait(_monitor, LookAgain);
        }
    }

    /// <summary>Waits outside the guest, but not beyond the end.</summary>
    /// <param name="time">How long, to the next millisecond: the clock counts whole ones.</param>
    public void Sleep(TimeSpan time)
    {
        long end = Environment.TickCount64 + (long)Math.Ceiling(time.TotalMilliseconds);
        lock (_monitor)
        {
            for (long left; !_isClosed && (left = end - Environment.TickCount64) > 0;)
                Monitor.Wait(_monitor, (int)left);
        }
    }

    // A vCPU that has entered since, and one that is about to, find the request.
    private void AwaitEmpty()
    {
        if (_inside != 0)
            requestExits();
        while (_inside != 0)
            Monitor.Wait(_monitor);
    }
}
