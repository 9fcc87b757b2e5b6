using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Patterns;

namespace RingKit.Cli.Reports.Harvest;

/// <summary>The rows of <c>ringkit harvest --csv</c>.</summary>
internal static class HarvestCsv
{
    private const string Header =
        "memory,dirty,pattern,log,dirty_pages,stored_pages,rounds,faults,guest_us,stall_us,ns_per_store,full_exits,"
        + "harvest_us,take_us,total_us,entries,reset_calls,invalidations,bytes_touched,bookkeeping_bytes";

    public static void Write(HarvestReport report, TextWriter writer)
    {
        writer.WriteLine(Header);
        foreach (LogCell cell in report.Cells)
        {
            CellCosts costs = cell.Costs;
            writer.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{MemorySize.Format(cell.Cell.Memory)},{cell.Cell.Dirty},{PagePatterns.NameOf(cell.Cell.Pattern)},{cell.Log},{cell.DirtyPages},{cell.StoredPages},{cell.Rounds},"));
            writer.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{costs.Faults:0},{costs.Guest:0.###},{costs.Stall:0.###},{cell.NanosecondsPerStore:0.##},{costs.FullExits:0},"));
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{costs.Harvest:0.###},{cell.Take:0.###},{costs.Total:0.###},{costs.Entries:0},{costs.ResetCalls:0},{costs.Invalidations:0},{costs.BytesTouched:0},{cell.BookkeepingBytes}"));
        }
    }
}
