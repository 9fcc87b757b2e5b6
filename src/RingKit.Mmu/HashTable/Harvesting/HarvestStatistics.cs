namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>What a harvest cost.</summary>
/// <param name="RmapWords">Rmap words that it locked.</param>
/// <param name="Entries">Entries of the table that it looked at one by one.</param>
/// <param name="Changed">Entries whose C it took.</param>
/// <param name="Tlbies">Entries that it invalidated.</param>
/// <param name="TlbieBatches">Waits for all vCPUs, each for one or more of these.</param>
/// <param name="Retries">How often it met an entry that another thread had locked.</param>
/// <param name="BytesTouched">Bytes of the table, the reverse map, the rmap words and the slots' bitmaps that it read.</param>
internal readonly record struct HarvestStatistics(
    ulong RmapWords, ulong Entries, ulong Changed, ulong Tlbies, ulong TlbieBatches, ulong Retries, ulong BytesTouched)
{
    /// <summary>What two harvests cost together.</summary>
    public static HarvestStatistics operator +(HarvestStatistics left, HarvestStatistics right) => new(
        left.RmapWords + right.RmapWords,
        left.Entries + right.Entries,
        left.Changed + right.Changed,
        left.Tlbies + right.Tlbies,
        left.TlbieBatches + right.TlbieBatches,
        left.Retries + right.Retries,
        left.BytesTouched + right.BytesTouched);
}
