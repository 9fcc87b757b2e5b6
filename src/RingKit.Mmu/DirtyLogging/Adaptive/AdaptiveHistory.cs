namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>What an adaptive log knows when it chooses the form of the next round.</summary>
/// <param name="Pages">Pages that exist, dirty or not.</param>
/// <param name="RingEntries">Entries of each vCPU's ring.</param>
/// <param name="Last">The round that was harvested just now.</param>
/// <param name="Before">The round before it.</param>
public readonly record struct AdaptiveHistory(ulong Pages, int RingEntries, AdaptiveRound Last, AdaptiveRound Before);
