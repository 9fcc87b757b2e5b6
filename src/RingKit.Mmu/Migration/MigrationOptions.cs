using RingKit.Mmu.Migration.Pacing;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Mmu.Migration;

/// <summary>How a migration is run. The defaults are QEMU's where it has the same setting, except that the bandwidth is unlimited.</summary>
public sealed record MigrationOptions
{
    /// <summary>2^60 - 1 bytes a second: far more than any machine moves.</summary>
    public const long MaximumBandwidth = (1L << 60) - 1;

    /// <summary>The longest that an acknowledgement may be waited for: what a timer takes, 24 days and 20 hours.</summary>
    public static readonly TimeSpan LongestAcknowledgementTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>
    /// The most bytes a second that are sent, from 1 to <see cref="MaximumBandwidth"/>; null for no limit. The last round, with the guest paused, is not
    /// limited.
    /// </summary>
    public long? BandwidthLimit { get; init; }

    /// <summary>How long the guest may stand still at the end, from 0. The guest is stopped when the rest is expected to take no longer.</summary>
    public TimeSpan DowntimeLimit { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How many rounds are tried while the guest runs, from 1; the first one sends all pages.</summary>
    public int MaximumRounds { get; init; } = 30;

    /// <summary>What is done when they are used up.</summary>
    public RoundLimitPolicy AtMaximumRounds { get; init; } = RoundLimitPolicy.StopGuest;

    /// <summary>The guest is throttled after two rounds that dirtied more than this share of what they sent: from 0, QEMU's 0.5 by default.</summary>
    public double ThrottleTrigger { get; init; } = 0.5;

    /// <summary>How often a failed transfer is taken up again on a new connection, from 0.</summary>
    public int Retries { get; init; }

    /// <summary>How long to wait before each new connection, from 0.</summary>
    public TimeSpan RetryDelay { get; init; }

    /// <summary>
    /// The most pages with contents in a batch, from 1 to <see cref="MigrationFormat.MaximumBatchPages"/>. A batch has a checksum of its own.
    /// </summary>
    public int BatchPages { get; init; } = 256;

    /// <summary>
    /// After how many pages with contents the destination is asked to acknowledge, from 1, besides the end of each round: a failed transfer repeats
    /// no more than so many, and the rest of up to 64 neighbouring pages.
    /// </summary>
    public int AcknowledgedPages { get; init; } = 16384;

    /// <summary>
    /// How long the source waits for an acknowledgement, and until the destination has taken a batch, before the transfer counts as failed: above 0, at most
    /// <see cref="LongestAcknowledgementTimeout"/>, or <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </summary>
    public TimeSpan AcknowledgementTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called on the migration's thread after each batch and each round. It must not wait for the migration.</summary>
    public Action<MigrationProgress>? Progress { get; init; }

    /// <summary>Where time comes from, and who waits.</summary>
    public IMigrationClock Clock { get; init; } = SystemMigrationClock.Instance;

    /// <summary>Throws for what is out of range, naming the option.</summary>
    internal void Check()
    {
        Check(BandwidthLimit is null or (>= 1 and <= MaximumBandwidth), nameof(BandwidthLimit), BandwidthLimit, $"from 1 to {MaximumBandwidth} bytes a second");
        Check(DowntimeLimit >= TimeSpan.Zero, nameof(DowntimeLimit), DowntimeLimit, "from 0");
        Check(MaximumRounds >= 1, nameof(MaximumRounds), MaximumRounds, "from 1");
        Check(Enum.IsDefined(AtMaximumRounds), nameof(AtMaximumRounds), AtMaximumRounds, string.Join(" or ", Enum.GetNames<RoundLimitPolicy>()));
        Check(ThrottleTrigger >= 0, nameof(ThrottleTrigger), ThrottleTrigger, "from 0");
        Check(Retries >= 0, nameof(Retries), Retries, "from 0");
        Check(RetryDelay >= TimeSpan.Zero, nameof(RetryDelay), RetryDelay, "from 0");
        Check(BatchPages is >= 1 and <= MigrationFormat.MaximumBatchPages, nameof(BatchPages), BatchPages, $"from 1 to {MigrationFormat.MaximumBatchPages} pages");
        Check(AcknowledgedPages >= 1, nameof(AcknowledgedPages), AcknowledgedPages, "from 1");
        Check(
            (AcknowledgementTimeout > TimeSpan.Zero && AcknowledgementTimeout <= LongestAcknowledgementTimeout)
                || AcknowledgementTimeout == Timeout.InfiniteTimeSpan,
            nameof(AcknowledgementTimeout),
            AcknowledgementTimeout,
            $"above 0 and at most {LongestAcknowledgementTimeout}, or infinite");
        Check(Clock is not null, nameof(Clock), Clock, "a clock");
    }

    /// <summary>Refuses an option.</summary>
    internal static void Check(bool isRight, string name, object? value, string range)
    {
        if (!isRight)
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {range}.");
    }
}
