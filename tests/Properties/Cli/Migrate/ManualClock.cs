namespace RingKit.Properties.Cli.Migrate;

/// <summary>A clock that a test turns on: a tick is a microsecond.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => _now;

    public void Pass(TimeSpan time) => _now += (long)time.TotalMicroseconds;
}
