using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Throttling;

/// <summary>Lets each vCPU record so many pages a second: it is given a quota for each interval, and sleeps to the interval's end when it has used it up.</summary>
/// <remarks>
/// A vCPU that writes little, or only reads, is never held. It works by <see cref="Vcpu.DirtyQuota"/>, which is the throttle's own meanwhile, and needs a page table that
/// has one. Source: what the proposed KVM dirty quota was for.
/// </remarks>
public sealed class DirtyQuotaThrottle : VcpuThrottle
{
    /// <summary>How long a quota is for, unless another interval is given: 100 ms.</summary>
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(100);

    private readonly TimeSpan _interval;
    private readonly long _start;
    private readonly Lock _lock = new();

    // When each vCPU's interval began, since the start.
    private readonly TimeSpan[] _began;
    private ulong _pagesPerSecond = ulong.MaxValue;

    /// <summary>Makes a throttle that holds nobody yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="interval">How long a quota is for, longer than 0; <see cref="DefaultInterval"/> if none is given.</param>
    /// <param name="clock">Measures the intervals; the system's if there is none.</param>
    /// <param name="sleeper">Makes threads sleep; by default they block.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine's vCPUs have no dirty quota: <see cref="VirtualMachine.HasDirtyQuota"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The interval is not longer than 0.</exception>
    public DirtyQuotaThrottle(VirtualMachine machine, TimeSpan? interval = null, TimeProvider? clock = null, IThrottleSleeper? sleeper = null)
        : base(machine, clock, sleeper)
    {
        if (!machine.HasDirtyQuota)
            throw new ArgumentException("The machine's vCPUs have no dirty quota.", nameof(machine));
        _interval = interval ?? DefaultInterval;
        if (_interval <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(interval), interval, "The interval must be longer than 0.");
        _start = Clock.GetTimestamp();
        _began = new TimeSpan[machine.VcpuCount];
    }

    /// <summary>How many pages each vCPU may record in a second, at least one in an interval; <see cref="ulong.MaxValue"/>, the default, holds nobody.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is 0.</exception>
    public ulong PagesPerSecond
    {
        get
        {
            lock (_lock)
                return _pagesPerSecond;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfZero(value);
            lock (_lock)
            {
                _pagesPerSecond = value;
                TimeSpan now = Clock.GetElapsedTime(_start);
                foreach (Vcpu vcpu in Machine.Vcpus)
                    Grant(vcpu, now);
            }

            WakeAll();
        }
    }

    /// <inheritdoc/>
    public override bool Hold(Vcpu vcpu, VcpuExit exit, CancellationToken stop = default)
    {
        Check(vcpu);
        CancellationToken lifted = Lifted;
        TimeSpan left;
        lock (_lock)
        {
            if (exit != VcpuExit.DirtyQuotaExhausted)
                return false;
            left = _began[vcpu.Id] + _interval - Clock.GetElapsedTime(_start);
        }

        Sleep(vcpu, left, lifted, stop);
        lock (_lock)
        {
            // Woken by a new rate, which has granted already, or early by who wants it to stop.
            TimeSpan now = Clock.GetElapsedTime(_start), end = _began[vcpu.Id] + _interval;
            if (now >= end)
                Grant(vcpu, now - end < _interval ? end : now);
        }

        return true;
    }

    private protected override void Lift()
    {
        if (PagesPerSecond != ulong.MaxValue)
            PagesPerSecond = ulong.MaxValue;
    }

    // What was not used of the last quota is gone.
    private void Grant(Vcpu vcpu, TimeSpan now)
    {
        _began[vcpu.Id] = now;
        if (_pagesPerSecond == ulong.MaxValue)
        {
            vcpu.DirtyQuota = ulong.MaxValue;
            return;
        }

        ulong recorded = vcpu.DirtiedPages, pages = Math.Max(1, (ulong)(_pagesPerSecond * _interval.TotalSeconds));
        vcpu.DirtyQuota = recorded + Math.Min(pages, ulong.MaxValue - recorded);
    }
}
