using RingKit.Mmu.HashTable.Harvesting;

namespace RingKit.Bench.HashTable;

/// <summary>What was measured of a slot at one density.</summary>
/// <param name="Guest">The guest.</param>
/// <param name="Pages">The slot's pages.</param>
/// <param name="Percent">Which part of its mapped pages was dirty.</param>
/// <param name="Dirty">How many that were.</param>
/// <param name="Costs">For each log the medians.</param>
/// <param name="Choice">What the chooser took.</param>
/// <param name="ChooserRatio">Its time as a multiple of that of the better one of the two between which it chooses: the median of the ratios in each round.</param>
/// <param name="SameRatio">The same of the better one, measured once more in each round: what of the ratio is the machine.</param>
internal sealed record LogCell(
    GuestShape Guest,
    ulong Pages,
    double Percent,
    int Dirty,
    IReadOnlyDictionary<Log, LogCost> Costs,
    HarvestMethod Choice,
    double ChooserRatio,
    double SameRatio)
{
    /// <summary>A slot as large as a graphics card's memory, not the guest's main memory.</summary>
    public bool IsSmall => Pages != Guest.Pages;

    public double Time(Log log) => Costs[log].Nanoseconds;
}
