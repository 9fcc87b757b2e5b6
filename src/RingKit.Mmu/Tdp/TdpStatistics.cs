namespace RingKit.Mmu.Tdp;

/// <summary>What a machine's second level has done since it was made.</summary>
/// <param name="FixedUp">Faults that gave W back without a lock.</param>
/// <param name="Spurious">Faults that found the access granted.</param>
/// <param name="Mapped">Faults that made a leaf.</param>
/// <param name="FaultSplits">Large leaves that faults split.</param>
/// <param name="EagerSplits">Large leaves split when logging started, or by a clear.</param>
/// <param name="Retries">Faults that met an invalidation or another thread.</param>
/// <param name="MemoryFaults">Accesses of the wrong kind, private or shared.</param>
/// <param name="FullLogs">Exits because a modification log was full.</param>
/// <param name="Drained">Addresses that came out of modification logs.</param>
/// <param name="Protected">Leaves that lost W or D to a log.</param>
/// <param name="Zapped">Leaves that invalidations took away.</param>
/// <param name="Recovered">What recovery brought back.</param>
/// <param name="Flushes">Flushes of all TLBs, without those that a dirty log counts itself.</param>
public readonly record struct TdpStatistics(
    ulong FixedUp,
    ulong Spurious,
    ulong Mapped,
    ulong FaultSplits,
    ulong EagerSplits,
    ulong Retries,
    ulong MemoryFaults,
    ulong FullLogs,
    ulong Drained,
    ulong Protected,
    ulong Zapped,
    TdpRecovered Recovered,
    ulong Flushes);
