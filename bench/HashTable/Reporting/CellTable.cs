using System.Globalization;
using RingKit.Bench.Density.Reporting;
using RingKit.Mmu.HashTable.Harvesting;

namespace RingKit.Bench.HashTable.Reporting;

/// <summary>The grid that a person reads.</summary>
internal static class CellTable
{
    public static void WriteHeader(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("each log: ns a page of the slot / ms a harvest / bytes touched a page / tlbies; the small slot: us a harvest in place of ms");
    }

    public static void Write(TextWriter output, IReadOnlyList<LogCell> cells)
    {
        output.WriteLine();
        GuestShape guest = cells[0].Guest;
        output.WriteLine($"{guest.Text}: {guest.Pages:#,0} pages, {cells.Max(cell => cell.IsSmall ? 0 : cell.Dirty):#,0} mapped, table of {Size(1UL << guest.TableOrder)}");
        output.WriteLine($"{"dirty",-12}{string.Concat(Enum.GetValues<Log>().Select(log => $"{log,-28}"))}took, its distance from the better one (and that one's from itself)");
        foreach (LogCell cell in cells)
        {
            string label = $"{(cell.IsSmall ? "VGA " : "")}{cell.Percent.ToString(CultureInfo.InvariantCulture)} %";
            output.WriteLine($"{label,-12}{string.Concat(Enum.GetValues<Log>().Select(log => $"{Text(cell, log),-28}"))}{Choice(cell)} {Loss(cell.ChooserRatio)} % ({Loss(cell.SameRatio)} %)");
        }
    }

    /// <summary>What was to be reached.</summary>
    public static void WriteSummary(TextWriter output, IReadOnlyList<LogCell> cells)
    {
        output.WriteLine();
        foreach (LogCell cell in cells.Where(cell => cell is { IsSmall: false, Percent: 0, Guest: { PageShift: 12, Ratio: 128 } }))
        {
            output.WriteLine($"clean, {cell.Guest.Text}: the sweep is {Ratio(cell, Log.Walk)} times as fast as the walk, {Ratio(cell, Log.Filtered)} times as the filtered one");
        }

        LogCell worst = cells.MaxBy(cell => cell.ChooserRatio)!;
        int within = cells.Count(cell => cell.ChooserRatio <= 1.1);
        int sameWithin = cells.Count(cell => cell.SameRatio <= 1.1);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"chooser: within 10 % of the better one in {within} of {cells.Count} cells, that one within 10 % of itself in {sameWithin}; the worst {(worst.ChooserRatio - 1) * 100:0} %, {worst.Guest.Text}, {worst.Percent} %"));
    }

    public static string Choice(LogCell cell) => cell.Choice == HarvestMethod.Sweep ? "sweep" : "walk";

    private static string Loss(double ratio) => ((ratio - 1) * 100).ToString("+0;-0;0", CultureInfo.InvariantCulture);

    private static string Ratio(LogCell cell, Log log) => DensityTable.ThreeDigits(cell.Time(log) / cell.Time(Log.Sweep));

    private static string Text(LogCell cell, Log log)
    {
        if (!cell.Costs.TryGetValue(log, out LogCost cost))
            return "-";
        string time = DensityTable.ThreeDigits(cost.Nanoseconds / (cell.IsSmall ? 1e3 : 1e6));
        return $"{DensityTable.ThreeDigits(cost.Nanoseconds / cell.Pages)} / {time} / {DensityTable.ThreeDigits((double)cost.Bytes / cell.Pages)} / {cost.Tlbies}";
    }

    private static string Size(ulong bytes) => bytes >= 1 << 20 ? $"{bytes >> 20} MiB" : $"{bytes >> 10} KiB";
}
