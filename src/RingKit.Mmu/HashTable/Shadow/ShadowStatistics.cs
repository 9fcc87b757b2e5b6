namespace RingKit.Mmu.HashTable.Shadow;

/// <summary>What a harvest of Book3S PR's dirty log cost.</summary>
/// <param name="Visited">Entries that flushes looked at.</param>
/// <param name="Flushed">Entries that they dropped, each by a tlbie.</param>
internal readonly record struct ShadowStatistics(ulong Visited, ulong Flushed);
