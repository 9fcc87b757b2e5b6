namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>What one harvest of an adaptive log showed.</summary>
/// <param name="Pages">Dirty pages. A page that came more than once counts so often.</param>
/// <param name="Words">Groups of up to 64 neighbours in which they came.</param>
/// <param name="Overflowed">Whether a ring was full and pages went to the bitmap instead.</param>
public readonly record struct AdaptiveRound(ulong Pages, ulong Words, bool Overflowed);
