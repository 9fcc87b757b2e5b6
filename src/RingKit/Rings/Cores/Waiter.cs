using System.Diagnostics;
using RingKit.Ordering;
using RingKit.Rings.Waiting;

namespace RingKit.Rings.Cores;

/// <summary>One wait of one thread: rounds of the strategy, until the caller finds what it looks for or the time is up.</summary>
internal ref struct Waiter<TOrdering, TWait>
    where TOrdering : struct, IOrdering
    where TWait : struct, IWaitStrategy
{
    private readonly SleepGate<TOrdering> _gate;
    private readonly TimeSpan _timeout;
    private readonly ref ulong _waits;
    private long _since;
    private ulong _epoch;
    private int _round;
    private bool _announced;

    public Waiter(SleepGate<TOrdering> gate, TimeSpan timeout, ref ulong waits)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "The time must be 0 or more, or Timeout.InfiniteTimeSpan.");
        if (timeout.TotalMilliseconds > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "The time must be below 2^31 milliseconds.");

        _gate = gate;
        _timeout = timeout;
        _waits = ref waits;
    }

    /// <summary>Called each time the caller has looked in vain.</summary>
    /// <returns>False if the time is up.</returns>
    public bool Pass()
    {
        if (_round == 0)
        {
            if (_timeout == TimeSpan.Zero)
                return false;
            _since = Stopwatch.GetTimestamp();
        }

        TimeSpan left = Timeout.InfiniteTimeSpan;
        if (_timeout != Timeout.InfiniteTimeSpan)
        {
            left = _timeout - Stopwatch.GetElapsedTime(_since);
            if (left <= TimeSpan.Zero)
                return false;
        }

        // A model of memory would take a count for progress, and never find out that a thread waits in vain.
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            Counter<TOrdering>.Add(ref _waits, 1);
        if (TWait.SleepsIn(_round))
            SleepOrAnnounce(left);
        else if (typeof(TOrdering) == typeof(HardwareOrdering))
            TWait.Pass(_round);
        else
            TOrdering.Pause();
        if (_round < int.MaxValue)
            _round++;
        return true;
    }

    /// <summary>Ends the wait.</summary>
    public void Dispose()
    {
        if (_announced)
            _gate.Withdraw();
        _announced = false;
    }

    // The first call only announces: the caller looks once more in between, after the fence, and so misses nothing.
    private void SleepOrAnnounce(TimeSpan left)
    {
        if (!_gate.IsOpen)
        {
            throw new InvalidOperationException(
                "Nobody wakes sleepers in this ring: make it with RingOptions.CanSleep, or wait without sleeping.");
        }

        if (_announced)
        {
            _gate.Sleep(_epoch, left);
            _gate.Withdraw();
            _announced = false;
            return;
        }

        _epoch = _gate.Announce();
        _announced = true;
    }
}
