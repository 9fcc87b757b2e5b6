namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>Counts while a harvest runs; see <see cref="HarvestStatistics"/> for what.</summary>
internal struct HarvestTally
{
    public ulong RmapWords;
    public ulong Entries;
    public ulong Changed;
    public ulong Tlbies;
    public ulong TlbieBatches;
    public ulong Retries;

    /// <summary>Bytes of passes over whole arrays; those of single words and entries follow from the other counts.</summary>
    public ulong BytesScanned;

    private const int RmapWordBytes = 8;

    // An entry and what the reverse map has beside it.
    private const int EntryBytes = 32;

    public readonly HarvestStatistics ToStatistics() => new(
        RmapWords, Entries, Changed, Tlbies, TlbieBatches, Retries, BytesScanned + (RmapWords * RmapWordBytes) + (Entries * EntryBytes));
}
