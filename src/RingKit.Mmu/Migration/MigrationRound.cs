namespace RingKit.Mmu.Migration;

/// <summary>One round of a pre-copy migration: what was sent in it, and what the guest wrote meanwhile.</summary>
/// <param name="Number">From 1. The first round sends all pages.</param>
/// <param name="IsFinal">Whether the guest was paused: the last round.</param>
/// <param name="PagesSent">Pages sent, zero pages among them; pages that were sent again after a failed transfer count again.</param>
/// <param name="ZeroPages">Pages that were sent as a mark, because they have zeros alone.</param>
/// <param name="Bytes">Bytes written to the stream.</param>
/// <param name="Duration">From the first page to the harvest at the round's end.</param>
/// <param name="DirtyPages">Pages that the destination does not have, or not as they are, at the round's end.</param>
/// <param name="Bandwidth">Bytes sent a second, in this round; of a round that sent nothing, the one before.</param>
/// <param name="DirtyRate">Bytes of the pages that became dirty, a second.</param>
/// <param name="EstimatedDowntime">
/// The time that <see cref="DirtyPages"/> take at this bandwidth; <see cref="TimeSpan.MaxValue"/> where nothing was ever sent.
/// </param>
/// <param name="VcpuStall">Time that the vCPUs lost to tracking and throttling, summed over them.</param>
/// <param name="ThrottleLevel">How much of the vCPUs' time the throttle took, in percent.</param>
public readonly record struct MigrationRound(
    int Number,
    bool IsFinal,
    long PagesSent,
    long ZeroPages,
    long Bytes,
    TimeSpan Duration,
    long DirtyPages,
    double Bandwidth,
    double DirtyRate,
    TimeSpan EstimatedDowntime,
    TimeSpan VcpuStall,
    int ThrottleLevel);
