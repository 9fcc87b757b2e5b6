namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>What the steps of a harvest cost, in nanoseconds, for the choice between walk and sweep.</summary>
/// <remarks>
/// The rule: a sweep costs the table's bytes, a walk the slot's pages and the entries that map them, and both what is changed, the sweep more since it
/// meets pages in no order. `bench -- hashtable` measures the figures.
/// </remarks>
internal sealed record HarvestCosts
{
    /// <summary>So many entries a sweep locks at once, for one wait.</summary>
    public const int SweepBatch = 128;

    /// <summary>As measured on an x86-64 server, tables and reverse maps not in its caches.</summary>
    public static HarvestCosts Measured { get; } = new();

    /// <summary>Sweep: a kibibyte of the table.</summary>
    public double SweepKibibyte { get; init; } = 40;

    /// <summary>Sweep: an entry that is taken.</summary>
    public double SweepTaken { get; init; } = 60;

    /// <summary>Both, by vectors: an rmap word.</summary>
    public double ScanWord { get; init; } = 0.6;

    /// <summary>Walk: an rmap word of a page that is mapped.</summary>
    public double WalkWord { get; init; } = 12;

    /// <summary>Walk: an entry that is looked at.</summary>
    public double WalkEntry { get; init; } = 35;

    /// <summary>Walk: an entry that is taken, beyond that.</summary>
    public double WalkTaken { get; init; } = 60;

    /// <summary>A wait for all vCPUs. The walk waits for each entry, the sweep for many at once.</summary>
    public double Tlbie { get; init; }

    /// <summary>A page that is looked at to estimate: three cache misses, one behind the other.</summary>
    public double Sample { get; init; } = 300;

    /// <summary>What part of the sweep's cost may go into the estimate, and what part of the slot's pages.</summary>
    public double SampleShare { get; init; } = 0.03;

    /// <summary>
    /// Up to so many pages a slot is walked without a look at any, which would take longer than the choice is worth: even with two entries a page to
    /// take, the walk is shorter than the sweep of a clean table.
    /// </summary>
    public ulong SmallSlotPages(ulong tableBytes) =>
        (ulong)(tableBytes / 1024.0 * SweepKibibyte / (ScanWord + WalkWord + (2 * (WalkEntry + WalkTaken + Tlbie))));

    /// <summary>
    /// From so many pages on a slot is swept without a look at any: to find the pages that are mapped takes a walk longer than a sweep takes in all, and what both
    /// take costs the walk no less. Only where a sweep scans no rmap words.
    /// </summary>
    public ulong LargeSlotPages(ulong tableBytes) => (ulong)Math.Ceiling(Sweep(tableBytes, 0, default) / ScanWord);

    /// <summary>How many pages to look at: few where the sweep is short, or the walk is.</summary>
    public int SamplePages(ulong tableBytes, ulong pages)
    {
        double most = Math.Min(Sweep(tableBytes, 0, default) * SampleShare / Sample, pages * SampleShare);
        return (int)Math.Min(pages, Math.Clamp(most, 4, 256));
    }

    /// <summary>What a walk costs.</summary>
    public double Walk(SlotEstimate slot) =>
        (slot.Pages * ScanWord) + (slot.Mapped * WalkWord) + (slot.Entries * WalkEntry) + (slot.Taken * (WalkTaken + Tlbie));

    /// <summary>What a sweep costs that finds a slot's entries, and scans so many rmap words besides.</summary>
    public double Sweep(ulong tableBytes, ulong rmapWords, SlotEstimate slot) =>
        (tableBytes / 1024.0 * SweepKibibyte) + (rmapWords * ScanWord) + (slot.Taken * (SweepTaken + (Tlbie / SweepBatch)));
}
