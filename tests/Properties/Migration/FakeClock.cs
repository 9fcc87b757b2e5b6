using RingKit.Mmu.Migration.Pacing;

namespace RingKit.Properties.Migration;

/// <summary>A clock that goes on when somebody waits, or reads it.</summary>
internal sealed class FakeClock : IMigrationClock
{
    private TimeSpan _now;

    /// <summary>How much time passes each time that the clock is read.</summary>
    public TimeSpan Tick { get; init; }

    /// <summary>Called in the middle of each wait.</summary>
    public Action? Waiting { get; init; }

    /// <summary>All the time that was waited for.</summary>
    public TimeSpan Waited { get; private set; }

    public TimeSpan Now => _now += Tick;

    public void Advance(TimeSpan time) => _now += time;

    public void Wait(TimeSpan time, CancellationToken cancellation)
    {
        Waiting?.Invoke();
        Waited += time;
        _now += time;
    }
}
