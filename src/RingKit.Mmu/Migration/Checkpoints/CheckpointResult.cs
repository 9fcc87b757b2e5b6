namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>How checkpoints ended, and what they took. The guest runs on and the log is stopped, however they ended.</summary>
public sealed record CheckpointResult
{
    /// <summary>Completed if all epochs were taken that were asked for.</summary>
    public required MigrationOutcome Outcome { get; init; }

    /// <summary>How many epochs the destination has.</summary>
    public required long Epochs { get; init; }

    /// <summary>How many of them ended with a full ring.</summary>
    public required long EndedByFullRing { get; init; }

    /// <summary>Pages sent, those of the first copy among them.</summary>
    public required long PagesSent { get; init; }

    /// <summary>Bytes written to streams.</summary>
    public required long BytesSent { get; init; }

    /// <summary>How long the guest was paused in all.</summary>
    public required TimeSpan TotalPause { get; init; }

    /// <summary>How long it was paused at most.</summary>
    public required TimeSpan LongestPause { get; init; }

    /// <summary>How often the transfer was taken up again on a new connection.</summary>
    public required int Retries { get; init; }

    /// <summary>Why the transfer failed, the last time that it did; null if it never did.</summary>
    public required Exception? Failure { get; init; }
}
