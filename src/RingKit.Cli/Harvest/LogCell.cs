using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Cli.Harvest;

/// <summary>What one log cost in one cell.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Log">The log's name.</param>
/// <param name="DirtyPages">The guest's dirty pages, which the log has reported, each of them and no others. Of a trace, the mean of its rounds.</param>
/// <param name="StoredPages">To how many pages the guest really stored.</param>
/// <param name="Rounds">Of how many rounds the costs are the lower quartile; of a trace, how many there are each time that it is gone through.</param>
/// <param name="Costs">The costs of a round; where fewer pages were stored to than are dirty, scaled to those.</param>
/// <param name="First">Microseconds of guest and harvest in the first round of a guest whose log has just begun: the lower quartile of such rounds, scaled as the costs.</param>
/// <param name="Take">Microseconds that the harvests cost without protecting pages and dropping translations, in rounds of their own; or null, where the log does both at once.</param>
/// <param name="BookkeepingBytes">Memory that the log keeps to record pages in.</param>
/// <param name="Form">Where a log that chooses recorded pages when its last round was over, or null.</param>
/// <param name="Again">What such a log cost when all was measured once more beside it, or null: the difference is noise.</param>
internal sealed record LogCell(
    GridCell Cell,
    string Log,
    ulong DirtyPages,
    ulong StoredPages,
    int Rounds,
    CellCosts Costs,
    double First,
    double? Take,
    ulong BookkeepingBytes,
    DirtyLogForm? Form,
    CellCosts? Again)
{
    /// <summary>Whether the guest was a smaller one.</summary>
    public bool IsSampled => StoredPages != DirtyPages;

    /// <summary>Stores of the guest in a round: one to each page, but with a trace.</summary>
    public double Stores { get; init; } = DirtyPages;

    /// <summary>Time of the guest for each store, stalls included, or 0 if there is none.</summary>
    public double NanosecondsPerStore => Stores == 0 ? 0 : (Costs.Guest + Costs.Stall) * 1000 / Stores;
}
