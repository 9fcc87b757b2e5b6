using System.Text.Json;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Findings;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Reports.Info;

namespace RingKit.Cli.Reports.Harvest;

/// <summary>Writes a comparison for programs.</summary>
internal static class HarvestJson
{
    public static void Write(HarvestReport report, TextWriter output)
    {
        HarvestSettings settings = report.Settings;
        var json = new HarvestJsonReport(
            MachineInfo.Read(),
            settings.Mmu.Name,
            settings.Vcpus,
            settings.RingEntries,
            settings.TracePath,
            [.. report.Cells.Select(Cell)],
            [.. report.LeftOut.Select(left => new HarvestJsonReport.Left(
                MemorySize.Format(left.Cell.Memory), left.Cell.Dirty.ToString(), PagePatterns.NameOf(left.Cell.Pattern), left.Reason))],
            [.. HarvestFindings.Of(report)]);
        output.WriteLine(JsonSerializer.Serialize(json, JsonReportContext.Default.HarvestJsonReport));
    }

    private static HarvestJsonReport.Cell Cell(LogCell cell) => new(
        MemorySize.Format(cell.Cell.Memory),
        cell.Cell.Memory,
        cell.Cell.Dirty.ToString(),
        PagePatterns.NameOf(cell.Cell.Pattern),
        cell.Log,
        cell.DirtyPages,
        cell.StoredPages,
        cell.IsSampled,
        cell.Rounds,
        Math.Round(cell.Costs.Faults),
        Math.Round(cell.Costs.Guest, 3),
        Math.Round(cell.Costs.Stall, 3),
        Math.Round(cell.NanosecondsPerStore, 2),
        Math.Round(cell.Costs.FullExits),
        Math.Round(cell.Costs.Harvest, 3),
        cell.Take is { } take ? Math.Round(take, 3) : null,
        Math.Round(cell.Costs.Total, 3),
        Math.Round(cell.First, 3),
        cell.Again is { } again ? Math.Round(again.Total, 3) : null,
        Math.Round(cell.Costs.Entries),
        Math.Round(cell.Costs.ResetCalls),
        Math.Round(cell.Costs.Invalidations),
        Math.Round(cell.Costs.BytesTouched),
        cell.BookkeepingBytes,
        cell.Form is { } form ? ChooserFindings.NameOf(form) : null);
}
