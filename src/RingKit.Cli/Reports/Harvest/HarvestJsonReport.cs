using System.Text.Json.Serialization;
using RingKit.Cli.Reports.Info;

namespace RingKit.Cli.Reports.Harvest;

/// <summary>The object that <c>ringkit harvest --json</c> prints. Programs rely on the names of the properties, in snake case. Times are in microseconds.</summary>
internal sealed record HarvestJsonReport(
    MachineInfo Machine,
    string Mmu,
    int Vcpus,
    int RingEntries,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Trace,
    IReadOnlyList<HarvestJsonReport.Cell> Cells,
    IReadOnlyList<HarvestJsonReport.Left> LeftOut,
    IReadOnlyList<string> Findings)
{
    /// <summary>One log in one cell. Where <see cref="Sampled"/>, costs are those of the stored pages, scaled to the dirty ones. Of a trace, pages and costs are means of its rounds.</summary>
    internal sealed record Cell(
        string Memory,
        ulong MemoryBytes,
        string Dirty,
        string Pattern,
        string Log,
        ulong DirtyPages,
        ulong StoredPages,
        bool Sampled,
        int Rounds,
        double Faults,
        double GuestUs,
        double StallUs,
        double NsPerStore,
        double FullExits,
        double HarvestUs,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TakeUs,
        double TotalUs,
        double FirstUs,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? AgainUs,
        double Entries,
        double ResetCalls,
        double Invalidations,
        double BytesTouched,
        ulong BookkeepingBytes,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Form);

    /// <summary>A cell that was not measured.</summary>
    internal sealed record Left(string Memory, string Dirty, string Pattern, string Reason);
}
