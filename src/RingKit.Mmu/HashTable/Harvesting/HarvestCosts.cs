namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>What the steps of a harvest cost, in nanoseconds, for the choice between walk and sweep.</summary>
/// <remarks>
/// The rule: a sweep costs the table's bytes, a walk the slot's pages and the entries that map them, and both what is changed, the sweep more since it
/// meets pages in no order. bench/HashHarvestBenchmarks measures the figures.
/// </remarks>
internal sealed record HarvestCosts
{
    /// <summary>So many entries a sweep locks at once, for one wait.</summary>
    public const int SweepBatch = 128;

    /// <summary>As measured on an x86-64 server, tables and reverse maps not in its caches.</summary>
    public static HarvestCosts Measured { get; } = new();

    /// <summary>Sweep: a kibibyte of the table.</summary>
    public double SweepKibibyte { get; init; } = 42;

    /// <summary>Sweep: an entry that is taken.</summary>
    public double SweepTaken { get; init; } = 65;

    /// <summary>Both, by vectors: an rmap word.</summary>
    public double ScanWord { get; init; } = 0.4;

    /// <summary>Walk: an rmap word of a page that is mapped.</summary>
    public double WalkWord { get; init; } = 12;

    /// <summary>Walk: an entry that is looked at.</summary>
    public double WalkEntry { get; init; } = 48;

    /// <summary>Walk: an entry that is taken, beyond that.</summary>
    public double WalkTaken { get; init; } = 30;

    /// <summary>A wait for all vCPUs. The walk waits for each entry, the sweep for many at once.</summary>
    public double Tlbie { get; init; }

    /// <summary>A page that is looked at to estimate.</summary>
    public double Sample { get; init; } = 150;

    /// <summary>What part of the sweep's cost may go into the estimate, and what part of the slot's pages.</summary>
    public double SampleShare { get; init; } = 0.03;

    /// <summary>How many times one must cost what the other does, for a first look at a few pages to be enough.</summary>
    public double ClearRatio { get; init; } = 8;

    /// <summary>How many pages to look at first.</summary>
    public static int FirstSamplePages(ulong pages) => (int)Math.Min(pages, 8);

    /// <summary>How many pages to look at if the first ones do not decide: few where the sweep is short, or the walk is.</summary>
    public int SamplePages(ulong tableBytes, ulong pages)
    {
        double most = Math.Min(Sweep(tableBytes, 0, default) * SampleShare / Sample, pages * SampleShare);
        return (int)Math.Min(pages, Math.Clamp(most, 8, 256));
    }

    /// <summary>Whether one of two costs is by far the lower.</summary>
    public bool IsClear(double walk, double sweep) => walk > sweep * ClearRatio || sweep > walk * ClearRatio;

    /// <summary>What a walk costs.</summary>
    public double Walk(SlotEstimate slot) =>
        (slot.Pages * ScanWord) + (slot.Mapped * WalkWord) + (slot.Entries * WalkEntry) + (slot.Taken * (WalkTaken + Tlbie));

    /// <summary>What a sweep costs that finds a slot's entries, and scans so many rmap words besides.</summary>
    public double Sweep(ulong tableBytes, ulong rmapWords, SlotEstimate slot) =>
        (tableBytes / 1024.0 * SweepKibibyte) + (rmapWords * ScanWord) + (slot.Taken * (SweepTaken + (Tlbie / SweepBatch)));
}
