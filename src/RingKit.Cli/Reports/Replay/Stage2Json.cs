using RingKit.Cli.Replay;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Cli.Reports.Replay;

/// <summary>The property <c>stage2</c> of a log in <see cref="ReplayJsonReport"/>.</summary>
internal sealed record Stage2Json(
    string Generation,
    bool HugePages,
    string Split,
    ulong TouchedPages,
    Stage2Json.Costs Logged,
    Stage2Json.Mappings MappingsBefore,
    Stage2Json.Mappings MappingsStopped,
    Stage2Json.Mappings MappingsAfter,
    Stage2Json.Costs Recovery)
{
    public static Stage2Json? Of(Stage2Figures? figures) => figures is null ? null : new(
        figures.Options.Generation == Stage2Generation.Current ? "current" : "2014",
        figures.Options.HasHugePages,
        figures.Options.EagerSplitChunk == 0 ? "on-fault" : "eager",
        figures.TouchedPages,
        Of(figures.Logged),
        Of(figures.Before),
        Of(figures.Stopped),
        Of(figures.After),
        Of(figures.Recovery));

    private static Costs Of(Stage2Statistics statistics) => new(
        statistics.TranslationFaults,
        statistics.PermissionFaults,
        statistics.AccessFlagFaults,
        statistics.Relaxed,
        statistics.Retries,
        statistics.DissolvedBlocks,
        statistics.SplitBlocks,
        statistics.CollapsedTables,
        statistics.TablesTaken,
        statistics.TablesFreed,
        statistics.InvalidationsByIpa,
        statistics.InvalidationsByRange,
        statistics.InvalidationsOfAll,
        statistics.LocalInvalidations);

    private static Mappings Of(Stage2Mappings mappings) => new(mappings.Pages, mappings.Blocks2M, mappings.Blocks1G);

    /// <summary>What happened to the table in some time.</summary>
    internal sealed record Costs(
        ulong TranslationFaults,
        ulong PermissionFaults,
        ulong AccessFlagFaults,
        ulong Relaxed,
        ulong Retries,
        ulong BlocksDissolved,
        ulong BlocksSplit,
        ulong TablesCollapsed,
        ulong TablesAllocated,
        ulong TablesFreed,
        ulong InvalidationsByIpa,
        ulong InvalidationsByRange,
        ulong InvalidationsOfAll,
        ulong InvalidationsLocal);

    /// <summary>How many mappings of each size there were.</summary>
    internal sealed record Mappings(ulong Pages, ulong Blocks_2m, ulong Blocks_1g);
}
