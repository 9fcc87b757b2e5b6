namespace RingKit.Cli.RealGuests;

/// <summary>What one harvest of a real guest found.</summary>
/// <param name="Time">The time since the harvest before it.</param>
/// <param name="DirtyPages">Pages, each counted once. The page tables that the processor marks are among them.</param>
/// <param name="Entries">Ring entries, those of full rings included, or pages of bitmaps.</param>
/// <param name="FullRings">How often a full ring was emptied for its vCPU.</param>
/// <param name="HarvestTime">The time of the log's harvests.</param>
internal readonly record struct KvmInterval(TimeSpan Time, long DirtyPages, ulong Entries, long FullRings, TimeSpan HarvestTime);
