using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate.Running;

/// <summary>Lets a machine's vCPUs into the guest, or keeps them out of it.</summary>
/// <remarks>Thread role: <see cref="TryEnter"/>, <see cref="Leave"/> and <see cref="Sleep"/> by the vCPUs' threads, the others by any other.</remarks>
internal sealed class GuestGate(VirtualMachine machine)
{
    private readonly object _monitor = new();
    private int _inside;
    private bool _isPaused;
    private bool _isClosed;

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

    /// <summary>Waits outside the guest, but not beyond the end.</summary>
    public void Sleep(TimeSpan time)
    {
        // The clock counts whole milliseconds.
        long end = Environment.TickCount64 + (long)Math.Ceiling(time.TotalMilliseconds);
        lock (_monitor)
        {
            for (long left; !_isClosed && (left = end - Environment.TickCount64) > 0;)
                Monitor.Wait(_monitor, (int)left);
        }
    }

    /// <summary>Returns when no vCPU is in the guest, and none enters until <see cref="Resume"/>.</summary>
    public void Pause()
    {
        lock (_monitor)
        {
            _isPaused = true;
            WaitUntilEmpty();
        }
    }

    public void Resume()
    {
        lock (_monitor)
        {
            _isPaused = false;
            Monitor.PulseAll(_monitor);
        }
    }

    /// <summary>Returns when no vCPU is in the guest, and none ever enters again.</summary>
    public void Close()
    {
        lock (_monitor)
        {
            _isClosed = true;
            Monitor.PulseAll(_monitor);
            WaitUntilEmpty();
        }
    }

    // A request stays until its vCPU has met it: one that has entered, and does not run yet, leaves at once.
    private void WaitUntilEmpty()
    {
        foreach (Vcpu vcpu in machine.Vcpus)
            vcpu.RequestStop();
        while (_inside > 0)
            Monitor.Wait(_monitor);
    }
}
