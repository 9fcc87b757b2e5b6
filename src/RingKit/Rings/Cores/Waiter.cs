using System.Diagnostics;
using RingKit.Ordering;
using RingKit.Rings.Waiting;

namespace RingKit.Rings.Cores;

/// <summary>One wait of one thread: rounds of the strategy, until the caller finds what it looks for or the time is up.</summary>
internal ref struct Waiter<TOrdering, TWait>
    where TOrdering : struct, IOrdering
    where TWait : struct, IWaitStrategy
{
    // Counting costs a locked instruction. A long wait is seen while it lasts.
    private const int RoundsBetweenCounts = 64;

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
        TimeSpan left = Timeout.InfiniteTimeSpan;
        if (_timeout != Timeout.InfiniteTimeSpan && !HasTime(out left))
            return false;

        if (_round % RoundsBetweenCounts == RoundsBetweenCounts - 1)
            Count(RoundsBetweenCounts);
        if (TWait.SleepsIn(_round))
            SleepOrAnnounce(left);
        else if (typeof(TOrdering) == typeof(HardwareOrdering))
            TWait.Pass(_round);
        else
            TOrdering.Pause();
        _round = (_round + 1) & int.MaxValue;
        return true;
    }

    /// <summary>Ends the wait.</summary>
    public void Dispose()
    {
        Count(_round % RoundsBetweenCounts);
        if (_announced)
            _gate.Withdraw();
        _announced = false;
    }

    private bool HasTime(out TimeSpan left)
    {
        if (_round == 0)
            _since = Stopwatch.GetTimestamp();
        left = _timeout - Stopwatch.GetElapsedTime(_since);
        return left > TimeSpan.Zero;
    }

    // A model of memory would take a count for progress, and never find out that a thread waits in vain.
    private readonly void Count(int rounds)
    {
        if (typeof(TOrdering) == typeof(HardwareOrdering) && rounds != 0)
            TOrdering.StoreRelaxed(ref _waits, TOrdering.LoadRelaxed(ref _waits) + (uint)rounds);
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
