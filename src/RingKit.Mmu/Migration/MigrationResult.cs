namespace RingKit.Mmu.Migration;

/// <summary>How a migration ended, and what it took.</summary>
/// <remarks>In all cases the log is stopped. The guest is paused if the migration is <see cref="MigrationOutcome.Completed"/>, and runs otherwise.</remarks>
public sealed record MigrationResult
{
    /// <summary>How it ended.</summary>
    public required MigrationOutcome Outcome { get; init; }

    /// <summary>The rounds that came to their end, in order; the last one with the guest paused, if it came to that.</summary>
    public required IReadOnlyList<MigrationRound> Rounds { get; init; }

    /// <summary>Pages sent, zero pages among them.</summary>
    public required long PagesSent { get; init; }

    /// <summary>Pages sent as a mark.</summary>
    public required long ZeroPages { get; init; }

    /// <summary>Bytes written to streams.</summary>
    public required long BytesSent { get; init; }

    /// <summary>From the start to the end.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>From the guest's pause to the destination's last acknowledgement; 0 if it did not come to that.</summary>
    public required TimeSpan Downtime { get; init; }

    /// <summary>How often the guest was stopped and let go again, since it had written more in the last moment than the downtime limit allows.</summary>
    public required int AbandonedStops { get; init; }

    /// <summary>How often the transfer was taken up again on a new connection.</summary>
    public required int Retries { get; init; }

    /// <summary>How often a vCPU's full ring was emptied between rounds.</summary>
    public required long FullRings { get; init; }

    /// <summary>Why the transfer failed, the last time that it did; null if it never did.</summary>
    public required Exception? Failure { get; init; }
}
