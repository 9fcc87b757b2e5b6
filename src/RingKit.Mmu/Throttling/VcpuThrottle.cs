using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Throttling;

/// <summary>Holds a machine's vCPUs back, so that a migration can catch up with what they write: their threads sleep outside the guest.</summary>
/// <remarks>
/// Thread role: <see cref="Hold"/> by each thread that runs a vCPU, after each exit and before it runs again; the rest by any thread. A throttle that is disposed holds
/// nobody, and wakes who sleeps. What vCPUs sleep is in <see cref="VcpuStalls.ThrottleTime"/>.
/// </remarks>
public abstract class VcpuThrottle : IDisposable
{
    private readonly IThrottleSleeper _sleeper;
    private readonly Lock _lock = new();
    private CancellationTokenSource _lifted = new();

    private protected VcpuThrottle(VirtualMachine machine, TimeProvider? clock, IThrottleSleeper? sleeper)
    {
        ArgumentNullException.ThrowIfNull(machine);
        Machine = machine;
        Clock = clock ?? TimeProvider.System;
        _sleeper = sleeper ?? new BlockingSleeper();
    }

    private protected VirtualMachine Machine { get; }

    private protected TimeProvider Clock { get; }

    /// <summary>Sleeps as long as the vCPU is to be held back, if its exit is a reason to.</summary>
    /// <param name="vcpu">A vCPU of the machine, outside the guest; the calling thread runs it.</param>
    /// <param name="exit">What <see cref="Vcpu.Run"/> returned.</param>
    /// <param name="stop">Ends the sleep early.</param>
    /// <returns>
    /// Whether the vCPU had left because of the throttle and may run again. A stop that somebody else asked for at the same time may be in the same
    /// <see cref="VcpuExit.Interrupted"/>: who runs a vCPU looks at a flag of his own besides.
    /// </returns>
    /// <exception cref="ArgumentNullException">There is no vCPU.</exception>
    /// <exception cref="ArgumentException">The vCPU is another machine's.</exception>
    public abstract bool Hold(Vcpu vcpu, VcpuExit exit, CancellationToken stop = default);

    /// <inheritdoc/>
    public void Dispose()
    {
        Lift();
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets all vCPUs run freely.</summary>
    private protected abstract void Lift();

    /// <summary>Frees what a throttle holds.</summary>
    /// <param name="disposing">Always true.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Refuses vCPUs of other machines.</summary>
    private protected void Check(Vcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        if (vcpu.Id >= Machine.VcpuCount || Machine.Vcpus[vcpu.Id] != vcpu)
            throw new ArgumentException("The vCPU is not the machine's.", nameof(vcpu));
    }

    /// <summary>Wakes all threads that sleep.</summary>
    private protected void WakeAll()
    {
        CancellationTokenSource lifted;
        lock (_lock)
        {
            lifted = _lifted;
            _lifted = new CancellationTokenSource();
        }

        lifted.Cancel();
    }

    /// <summary>What ends all sleeps when the throttle is lifted. To be asked for before it is looked how long to sleep, so that no lift is missed.</summary>
    private protected CancellationToken Lifted
    {
        get
        {
            lock (_lock)
                return _lifted.Token;
        }
    }

    /// <summary>Sleeps, and books it as the vCPU's stall.</summary>
    private protected void Sleep(Vcpu vcpu, TimeSpan duration, CancellationToken lifted, CancellationToken stop)
    {
        if (duration <= TimeSpan.Zero)
            return;
        long start = Clock.GetTimestamp();
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(lifted, stop);
        _sleeper.Sleep(duration, wake.Token);
        vcpu.BookThrottle(Clock.GetElapsedTime(start));
    }
}
