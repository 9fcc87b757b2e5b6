using System.Globalization;
using System.Text;
using RingKit.Cli.Charts;

namespace RingKit.Bench.HashTable.Reporting;

/// <summary>The grid for programs, and the break-even as a picture.</summary>
internal static class HashTableFiles
{
    private static readonly double[] Percents = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
    private static readonly double[] Faults = [0.5, 1, 2, 5];

    public static string Csv(IEnumerable<LogCell> cells)
    {
        var text = new StringBuilder("guest_mib,page_kib,ratio,frames,slot_pages,dirty_percent,dirty_pages,log,ns_per_page,ms,bytes_touched,tlbies,chooser_took\n");
        foreach (LogCell cell in cells)
        {
            foreach (var (log, cost) in cell.Costs)
            {
                text.Append(CultureInfo.InvariantCulture, $"{cell.Guest.Mebibytes},{1 << (cell.Guest.PageShift - 10)},{cell.Guest.Ratio},{cell.Guest.Order},")
                    .Append(CultureInfo.InvariantCulture, $"{cell.Pages},{cell.Percent},{cell.Dirty},{log},")
                    .Append(CultureInfo.InvariantCulture, $"{cost.Nanoseconds / cell.Pages:G5},{cost.Nanoseconds / 1e6:G5},{cost.Bytes},{cost.Tlbies},")
                    .Append(log == Log.Chooser ? CellTable.Choice(cell) : "").Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>Above, where the lines of two ways cross, over the cost of a fault; below, what crosses there.</summary>
    public static string Svg(IReadOnlyCollection<LogCell> cells, string machine)
    {
        int[] sizes = [.. cells.Select(cell => cell.Guest.Mebibytes).Distinct()];
        int shown = sizes.Contains(4 << 10) ? 4 << 10 : sizes[0];
        BreakEven[] rounds = [.. BreakEvenTable.Rounds(cells).Where(round => round.Guest.Mebibytes == shown && round.Guest.Order == FrameOrder.Scattered)];
        var fault = new Axis("what a fault costs, us");
        var share = new Axis("break-even: dirty, % of the mapped pages", isLogarithmic: true);
        var dirty = new Axis("dirty, % of the mapped pages", isLogarithmic: true);
        var cost = new Axis("ms a round", isLogarithmic: true);
        Panel[] panels =
        [
            new("Above the lines C is cheaper; found by the walk", fault, share, [.. rounds.Select(round => BreakEvenLine(round, Log.Walk))]),
            new("Above the lines C is cheaper; found by the sweep", fault, share, [.. rounds.Select(round => BreakEvenLine(round, Log.Sweep))]),
            .. rounds.Where(round => round.Guest.Ratio == 128).Select(round => new Panel($"A round: {Name(round.Guest)}", dirty, cost, [.. Ways(round)])),
        ];
        string title = $"Hardware's C or read-only mappings? A guest of {rounds[0].Guest.Size}";
        return SvgChart.Render(new Chart(title, machine, panels, Columns: 2));
    }

    private static Series BreakEvenLine(BreakEven round, Log scan) => new(
        Name(round.Guest), [.. BreakEvenTable.FaultMicroseconds.Select(fault => (fault, round.Share(scan, fault * 1000) * 100))]);

    private static IEnumerable<Series> Ways(BreakEven round)
    {
        Series Line(string name, Func<double, double> nanoseconds) =>
            new(name, [.. Percents.Select(percent => (percent, nanoseconds(percent / 100 * round.Largest) / 1e6))]);

        yield return Line("C, walk", dirty => round.Harvest(Log.Walk, dirty));
        yield return Line("C, sweep", dirty => round.Harvest(Log.Sweep, dirty));
        foreach (double fault in Faults)
            yield return Line($"faults of {fault.ToString(CultureInfo.InvariantCulture)} us", dirty => round.ByFaults(dirty, fault * 1000));
    }

    private static string Name(GuestShape guest) => $"{1 << (guest.PageShift - 10)}K pages, table 1/{guest.Ratio}";
}
