using RingKit.Mmu.Throttling;

namespace RingKit.Properties.Support;

/// <summary>Time that passes when a test says so, or when somebody sleeps in it: timers go off on the way, in their order, on the thread that moves it.</summary>
internal sealed class ManualClock : TimeProvider, IThrottleSleeper
{
    private readonly List<ManualTimer> _timers = [];
    private long _now;

    /// <summary>The sleeps so far.</summary>
    public List<TimeSpan> Sleeps { get; } = [];

    /// <summary>What happens in the middle of the next sleep.</summary>
    public Action? DuringSleep { get; set; }

    public TimeSpan Now => TimeSpan.FromTicks(_now);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan duration)
    {
        long end = _now + duration.Ticks;
        while (NextTimer() is { } next && next.DueAt <= end)
        {
            _now = next.DueAt;
            next.GoOff();
        }

        _now = end;
    }

    public void Sleep(TimeSpan duration, CancellationToken wake)
    {
        Action? during = DuringSleep;
        DuringSleep = null;
        long start = _now;
        if (during is not null)
        {
            Advance(duration / 2);
            during();
        }

        if (!wake.IsCancellationRequested)
            Advance(duration - TimeSpan.FromTicks(_now - start));
        Sleeps.Add(TimeSpan.FromTicks(_now - start));
    }

    private ManualTimer? NextTimer()
    {
        ManualTimer? next = null;
        foreach (ManualTimer timer in _timers)
        {
            if (timer.DueAt < (next?.DueAt ?? long.MaxValue))
                next = timer;
        }

        return next;
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long DueAt { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            DueAt = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : clock._now + dueTime.Ticks;
            _period = period;
            return true;
        }

        public void GoOff()
        {
            DueAt = _period == Timeout.InfiniteTimeSpan ? long.MaxValue : DueAt + _period.Ticks;
            callback(state);
        }

        public void Dispose() => clock._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
