using RingKit.Ordering;

namespace RingKit.Cli.Migrate.Workloads;

/// <summary>Holds the stores of one vCPU to a rate: it grants them in batches, and looks at the clock once a batch.</summary>
/// <remarks>
/// Thread role: the vCPU's thread; <see cref="Stores"/> any. What a vCPU could not do because it was stopped or without a core it makes up for, but not more than
/// a tenth of a second; nothing of what it could not do because it was throttled.
/// </remarks>
internal sealed class StorePacer
{
    private const int LargestBatch = 4096;
    private static readonly TimeSpan LongestLag = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly double _perTick;
    private double _owed;
    private long _lastLook;
    private ulong _granted;
    private ulong _stores;

    /// <param name="storesPerSecond">At least 0; infinity for as many as the vCPU can.</param>
    /// <param name="clock">Says what a second is.</param>
    public StorePacer(double storesPerSecond, TimeProvider clock)
    {
        _clock = clock;
        _perTick = storesPerSecond / clock.TimestampFrequency;
        _lastLook = clock.GetTimestamp();
    }

    /// <summary>How many stores were done, up to the last batch.</summary>
    public ulong Stores => HardwareOrdering.LoadRelaxed(ref _stores);

    /// <summary>After a grant of none: how long until there is a batch.</summary>
    public TimeSpan Wait
    {
        get
        {
            double batch = Math.Max(1, _perTick * Ticks(BatchTime));
            double seconds = (batch - _owed) / (_perTick * _clock.TimestampFrequency);
            return seconds < Idle.TotalSeconds ? TimeSpan.FromSeconds(Math.Max(0, seconds)) : Idle;
        }
    }

    /// <summary>The vCPU has done what was granted before: how many stores it may do next. None: it has to wait.</summary>
    public int Grant()
    {
        HardwareOrdering.StoreRelaxed(ref _stores, _granted);
        int batch = double.IsPositiveInfinity(_perTick) ? LargestBatch : Earned();
        _granted += (ulong)batch;
        return batch;
    }

    /// <summary>The time since the last grant does not count.</summary>
    public void LoseTime() => _lastLook = _clock.GetTimestamp();

    private int Earned()
    {
        long now = _clock.GetTimestamp();
        double most = Math.Max(1, _perTick * Ticks(LongestLag));
        _owed = Math.Min(most, _owed + (now - _lastLook) * _perTick);
        _lastLook = now;

        int batch = (int)Math.Min(LargestBatch, _owed);
        _owed -= batch;
        return batch;
    }

    private double Ticks(TimeSpan time) => time.TotalSeconds * _clock.TimestampFrequency;
}
