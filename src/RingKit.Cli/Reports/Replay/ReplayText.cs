using RingKit.Cli.Replay;
using Spectre.Console;

namespace RingKit.Cli.Reports.Replay;

/// <summary>Writes a replay's report for people: a chart of dirty pages, a table for each log, what it took.</summary>
internal sealed class ReplayText(IAnsiConsole console)
{
    private const int MostRows = 40;

    // Ten columns fit into 80 characters while the figures are small.
    private static readonly string[] Columns =
    [
        "\ninterval", "dirty\npages", "\nfaults", "invali-\ndations", "harvest\nus", "reset\ncalls", "\nentries",
        "entries\nper call", "full\nexits", "bytes\ntouched",
    ];

    public void Write(ReplayReport report, ReplaySettings settings, string file, TimeSpan elapsed)
    {
        TraceTotals trace = report.Trace;
        Say($"{file}");
        Say(
            $"{trace.Instructions:N0} instructions, {trace.Loads:N0} loads, {trace.Stores:N0} stores, {trace.Modifies:N0} modifies; ",
            $"{trace.DistinctPages:N0} distinct pages stored to");
        console.WriteLine();

        int intervals = report.Logs[0].Intervals.Length;
        int perRow = Math.Max(1, (intervals + MostRows - 1) / MostRows);
        if (intervals == 0)
        {
            Say($"No stores: no interval, no dirty pages.");
            return;
        }

        WriteChart(report, settings, perRow);
        foreach (LogReport log in report.Logs)
        {
            WriteTable(log, perRow);
            if (log.Stage2 is { } stage2)
                new Stage2Text(console).Write(stage2);
        }

        string guests = report.Logs.Count == 1 ? "guest" : "guests";
        double millionsASecond = trace.StoresAndModifies / elapsed.TotalSeconds / 1e6;
        Say(
            $"Replayed {trace.StoresAndModifies:N0} stores on {report.Logs.Count} {guests} in {elapsed.TotalSeconds:N2} s, reading included: ",
            $"{millionsASecond:N2} million stores a second.");
    }

    private void WriteChart(ReplayReport report, ReplaySettings settings, int perRow)
    {
        IntervalFigures[] intervals = report.Logs[0].Intervals;
        string folded = perRow == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"; a bar is the mean of {perRow} intervals");
        string agreement = report.Logs.Count == 1 ? "" : "; all logs agree page for page";
        Say($"Dirty pages in each interval of {settings.Interval:N0} stores{folded}{agreement}");

        BarChart chart = new BarChart()
            .Width(Math.Min(console.Profile.Width, 80))
            .UseValueFormatter(static (value, _) => value.ToString("0.#", CultureInfo.InvariantCulture));
        foreach (IntervalFigures[] group in intervals.Chunk(perRow))
            chart.AddItem(LabelOf(group), Math.Round(group.Average(interval => interval.DirtyPages), 1), Color.Green);
        console.Write(chart);
        console.WriteLine();
    }

    private void WriteTable(LogReport log, int perRow)
    {
        Say($"{log.Log}{(perRow == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $": a row is the sum of {perRow} intervals"))}");
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in Columns)
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap().Padding(0, 0));
        foreach (IntervalFigures[] group in log.Intervals.Chunk(perRow))
            AddRow(table, LabelOf(group), IntervalFigures.Sum(group));
        table.AddEmptyRow();
        AddRow(table, "total", log.Total);
        console.Write(table);
    }

    private static void AddRow(Table table, string label, IntervalFigures row) => table.AddRow(
        label,
        Format(row.DirtyPages),
        Format(row.Faults),
        Format(row.Invalidations),
        row.HarvestTime.TotalMicroseconds.ToString("N1", CultureInfo.InvariantCulture),
        Format(row.ResetCalls),
        Format(row.Entries),
        row.EntriesPerResetCall.ToString("0.0", CultureInfo.InvariantCulture),
        Format(row.RingFullExits),
        Format(row.BytesTouched));

    private static string LabelOf(IntervalFigures[] group) => group.Length == 1
        ? group[0].Index.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{group[0].Index}-{group[^1].Index}");

    private static string Format<T>(T value)
        where T : IFormattable => value.ToString("N0", CultureInfo.InvariantCulture);

    // Plain text: file names may hold what Spectre takes for markup.
    private void Say(FormattableString text, FormattableString? more = null) =>
        console.WriteLine(text.ToString(CultureInfo.InvariantCulture) + more?.ToString(CultureInfo.InvariantCulture));
}
