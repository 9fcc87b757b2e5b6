using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Cli.Replay;

/// <summary>What a log and the trace under it did to a stage-2 page table, and what came back after it.</summary>
/// <param name="Options">How the table was made.</param>
/// <param name="TouchedPages">The guest's pages from the first on that it asked for, for writing, before the log started and again after it stopped.</param>
/// <param name="Logged">What it cost from the start of the log to its stop.</param>
/// <param name="Before">The mappings when the log started.</param>
/// <param name="Stopped">The mappings when it stopped. Stopping changes none.</param>
/// <param name="After">The mappings when the guest had asked for its pages again.</param>
/// <param name="Recovery">What that cost.</param>
internal sealed record Stage2Figures(
    Stage2Options Options,
    ulong TouchedPages,
    Stage2Statistics Logged,
    Stage2Mappings Before,
    Stage2Mappings Stopped,
    Stage2Mappings After,
    Stage2Statistics Recovery);
