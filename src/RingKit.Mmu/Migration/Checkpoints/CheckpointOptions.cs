namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>How checkpoints are taken.</summary>
public sealed record CheckpointOptions
{
    /// <summary>How long an epoch is if no ring is full before, from 0. Remus had 25 to 200 ms.</summary>
    public TimeSpan EpochLength { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How many pages with contents are copied while the guest is paused, from 1: where an epoch has more, the guest is paused until all but the last so
    /// many are sent.
    /// </summary>
    public int BufferPages { get; init; } = 16384;

    /// <summary>How many rounds are sent while the guest runs before the first epoch, from 1.</summary>
    public int LiveRounds { get; init; } = 3;

    /// <summary>After how many epochs it ends, from 1; null for never.</summary>
    public long? MaximumEpochs { get; init; }

    /// <summary>Called on the thread of the checkpoints when the destination has an epoch.</summary>
    public Action<CheckpointEpoch>? Progress { get; init; }

    /// <summary>
    /// The transfer's options: bandwidth, retries, batches, acknowledgements, clock, and progress in batches. Those of rounds and of the downtime have no
    /// meaning here.
    /// </summary>
    public MigrationOptions Transfer { get; init; } = new();

    /// <summary>Throws for what is out of range, naming the option.</summary>
    internal void Check()
    {
        MigrationOptions.Check(EpochLength >= TimeSpan.Zero, nameof(EpochLength), EpochLength, "from 0");
        MigrationOptions.Check(BufferPages >= 1, nameof(BufferPages), BufferPages, "from 1");
        MigrationOptions.Check(LiveRounds >= 1, nameof(LiveRounds), LiveRounds, "from 1");
        MigrationOptions.Check(MaximumEpochs is null or >= 1, nameof(MaximumEpochs), MaximumEpochs, "from 1, or null");
        MigrationOptions.Check(Transfer is not null, nameof(Transfer), Transfer, "a migration's options");
        Transfer!.Check();
    }
}
