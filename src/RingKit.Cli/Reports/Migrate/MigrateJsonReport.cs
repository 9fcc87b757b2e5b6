namespace RingKit.Cli.Reports.Migrate;

/// <summary>The object that <c>ringkit migrate --json</c> prints. Programs rely on the names of the properties, in snake case.</summary>
/// <param name="Mmu">The page table.</param>
/// <param name="MemoryBytes">The guest's memory.</param>
/// <param name="Vcpus">Its vCPUs.</param>
/// <param name="WriteRate">Bytes a second that they were to write, a store counting as a page; null for as fast as they can.</param>
/// <param name="Pattern">Where to; null with a trace.</param>
/// <param name="Trace">The trace that the stores came from, or null.</param>
/// <param name="Bandwidth">Bytes a second that were to be sent at most; null for no limit.</param>
/// <param name="DowntimeLimitMs">How long the guest was to stand still at most.</param>
/// <param name="Throttle">How it was to be held back.</param>
/// <param name="Via">How the pages travelled.</param>
/// <param name="MemoryEqual">Whether every destination's memory equals its source's, byte for byte.</param>
/// <param name="Logs">One migration for each dirty log.</param>
internal sealed record MigrateJsonReport(
    string Mmu,
    ulong MemoryBytes,
    int Vcpus,
    ulong? WriteRate,
    string? Pattern,
    string? Trace,
    ulong? Bandwidth,
    double DowntimeLimitMs,
    string Throttle,
    string Via,
    bool MemoryEqual,
    IReadOnlyList<MigrateJsonReport.LogResult> Logs)
{
    /// <summary>One migration.</summary>
    internal sealed record LogResult(
        string Log,
        bool MemoryEqual,
        bool Converged,
        long PagesCompared,
        long DifferentPages,
        Difference? FirstDifference,
        double DurationMs,
        double DowntimeMs,
        long PagesSent,
        long ZeroPages,
        long BytesSent,
        int AbandonedStops,
        long FullRings,
        double? StoresPerSecondBefore,
        double? StoresPerSecondAfterFirstRound,
        Stall VcpuStall,
        Cost LogCost,
        IReadOnlyList<Round> Rounds);

    /// <summary>The first byte that differs.</summary>
    internal sealed record Difference(uint Slot, ulong Gfn, int Byte);

    /// <summary>What all vCPUs lost from the log's start on, in milliseconds.</summary>
    internal sealed record Stall(double TotalMs, double FaultsMs, double EntryWaitsMs, double InvalidationsMs, double FullRingsMs, double ThrottleMs);

    /// <summary>What the log cost.</summary>
    internal sealed record Cost(ulong Faults, ulong Harvests, double HarvestMs, ulong Entries, ulong Invalidations, ulong BytesTouched);

    /// <summary>One round. The last is the one with the guest standing still.</summary>
    internal sealed record Round(
        int Number,
        bool IsFinal,
        long PagesSent,
        long ZeroPages,
        long BytesSent,
        double DurationMs,
        long DirtyPages,
        double DirtyBytesPerSecond,
        double BandwidthBytesPerSecond,
        double? EstimatedDowntimeMs,
        double VcpuStallMs,
        double StoresPerSecond,
        int ThrottlePercent);
}
