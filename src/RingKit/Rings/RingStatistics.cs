namespace RingKit.Rings;

/// <summary>What a ring has counted since it was made, or attached to. Read by any thread; the numbers need not fit one moment.</summary>
public readonly record struct RingStatistics
{
    /// <summary>Items published, by whichever process.</summary>
    public ulong Published { get; init; }

    /// <summary>Items taken, or passed over, by the consumer; in a broadcast ring by the slowest reader.</summary>
    public ulong Consumed { get; init; }

    /// <summary>Items that were published and overwritten before anyone took them; in a broadcast ring the sum over its readers.</summary>
    public ulong Dropped { get; init; }

    /// <summary>
    /// The most items that were seen waiting. It is looked at where one end asks for the other's index anyway, so that it costs nothing: a
    /// higher mark that nobody met may be missing.
    /// </summary>
    public ulong HighWaterMark { get; init; }

    /// <summary>Rounds in which a producer waited for room; with several producers some rounds may be missing.</summary>
    public ulong ProducerWaits { get; init; }

    /// <summary>Rounds in which a consumer waited for items.</summary>
    public ulong ConsumerWaits { get; init; }

    /// <summary>Indices in shared memory that lay outside the ring and were not followed: someone else writes into it.</summary>
    public ulong ForeignIndices { get; init; }
}
