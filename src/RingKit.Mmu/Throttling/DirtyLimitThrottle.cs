using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Throttling;

/// <summary>Holds each vCPU to so many megabytes of dirtied pages a second, by a sleep at each exit for a full ring that is adjusted to what it dirties. QEMU's dirty-limit.</summary>
/// <remarks>
/// It needs a log whose vCPUs leave with <see cref="VcpuExit.DirtyRingFull"/>. A vCPU whose ring is never full is never held, whatever the limit: with large rings and low
/// limits that is the rule's known weakness, which <see cref="DirtyQuotaThrottle"/> does not have. Unlike QEMU's, its largest rate is its own and not every machine's, and
/// rings of less than 1 MiB of pages count with what they have.
/// </remarks>
public sealed class DirtyLimitThrottle : VcpuThrottle
{
    /// <summary>25: a rate that is no further from the limit is near enough, in MB/s.</summary>
    public const double Tolerance = 25;

    /// <summary>How often <see cref="Adjust"/> should be called: once a second.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private const double BytesPerMegabyte = 1 << 20;
    private const double MostPercent = 99;

    private readonly double _ringMegabytes;
    private readonly Lock _lock = new();
    private readonly TimeSpan[] _sleeps;
    private readonly ulong[] _dirtied;
    private long _measuredAt;
    private double _largestRate;
    private double _limit = double.PositiveInfinity;

    /// <summary>Makes a throttle that holds nobody yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="ringEntries">Entries of each vCPU's ring, at least 1.</param>
    /// <param name="clock">Measures the rates; the system's if there is none.</param>
    /// <param name="sleeper">Makes threads sleep; by default they block.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The ring has no entries.</exception>
    public DirtyLimitThrottle(VirtualMachine machine, int ringEntries, TimeProvider? clock = null, IThrottleSleeper? sleeper = null)
        : base(machine, clock, sleeper)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ringEntries);
        _ringMegabytes = ringEntries * (double)GuestPage.Size / BytesPerMegabyte;
        _sleeps = new TimeSpan[machine.VcpuCount];
        _dirtied = new ulong[machine.VcpuCount];
        foreach (Vcpu vcpu in machine.Vcpus)
            _dirtied[vcpu.Id] = vcpu.DirtiedPages;
        _measuredAt = Clock.GetTimestamp();
    }

    /// <summary>What each vCPU may dirty, in MB/s of 2^20 bytes: above 0; infinity, the default, holds nobody.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0.</exception>
    public double Limit
    {
        get
        {
            lock (_lock)
                return _limit;
        }

        set
        {
            if (!(value > 0))
                throw new ArgumentOutOfRangeException(nameof(value), value, "The limit is above 0 MB/s.");
            lock (_lock)
            {
                _limit = value;
                if (double.IsPositiveInfinity(value))
                    Array.Clear(_sleeps);
            }

            if (double.IsPositiveInfinity(value))
                WakeAll();
        }
    }

    /// <summary>The next sleep of a vCPU, by how its rate keeps to the limit.</summary>
    /// <remarks>
    /// T is the time in which the largest rate seen fills the ring. Within <see cref="Tolerance"/> of the limit nothing changes. Where rate and limit differ by p percent of
    /// the larger one, p above 50, the sleep changes by T·p/(100-p); else by T/10. It stays between 0 and 99·T.
    /// </remarks>
    /// <param name="sleep">The sleep so far.</param>
    /// <param name="limit">In MB/s, above 0.</param>
    /// <param name="rate">In MB/s, at least 0.</param>
    /// <param name="fillTime">T.</param>
    public static TimeSpan NextSleep(TimeSpan sleep, double limit, double rate, TimeSpan fillTime)
    {
        double difference = Math.Abs(limit - rate);
        if (difference <= Tolerance)
            return sleep;

        double percent = Math.Min(difference * 100 / Math.Max(limit, rate), MostPercent);
        TimeSpan step = fillTime * (percent > 50 ? percent / (100 - percent) : 0.1);
        TimeSpan next = rate > limit ? sleep + step : sleep - step, most = fillTime * MostPercent;
        return next < TimeSpan.Zero ? TimeSpan.Zero : next > most ? most : next;
    }

    /// <summary>Measures what each vCPU has dirtied since the last call, and adjusts its sleep. Once in <see cref="Period"/>.</summary>
    public void Adjust()
    {
        lock (_lock)
        {
            double seconds = Clock.GetElapsedTime(_measuredAt).TotalSeconds;
            if (seconds <= 0)
                return;
            _measuredAt = Clock.GetTimestamp();
            foreach (Vcpu vcpu in Machine.Vcpus)
            {
                ulong dirtied = vcpu.DirtiedPages;
                double rate = (dirtied - _dirtied[vcpu.Id]) * (double)GuestPage.Size / BytesPerMegabyte / seconds;
                _dirtied[vcpu.Id] = dirtied;
                _largestRate = Math.Max(_largestRate, rate);
                if (_largestRate > 0 && !double.IsPositiveInfinity(_limit))
                    _sleeps[vcpu.Id] = NextSleep(_sleeps[vcpu.Id], _limit, rate, TimeSpan.FromSeconds(_ringMegabytes / _largestRate));
            }
        }
    }

    /// <summary>How long a vCPU sleeps at an exit for a full ring.</summary>
    /// <param name="vcpu">A vCPU of the machine.</param>
    /// <exception cref="ArgumentNullException">There is no vCPU.</exception>
    /// <exception cref="ArgumentException">The vCPU is another machine's.</exception>
    public TimeSpan SleepOf(Vcpu vcpu)
    {
        Check(vcpu);
        lock (_lock)
            return _sleeps[vcpu.Id];
    }

    /// <summary>Sleeps at an exit for a full ring. The rings are harvested before, as whoever waits for room needs.</summary>
    /// <returns>False: the vCPU left for its ring, which only a harvest empties.</returns>
    /// <inheritdoc/>
    public override bool Hold(Vcpu vcpu, VcpuExit exit, CancellationToken stop = default)
    {
        Check(vcpu);
        CancellationToken lifted = Lifted;
        if (exit == VcpuExit.DirtyRingFull)
            Sleep(vcpu, SleepOf(vcpu), lifted, stop);
        return false;
    }

    private protected override void Lift() => Limit = double.PositiveInfinity;
}
