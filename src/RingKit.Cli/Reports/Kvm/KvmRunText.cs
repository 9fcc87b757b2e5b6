using RingKit.Cli.Commands.Options;
using RingKit.Cli.RealGuests;
using Spectre.Console;

namespace RingKit.Cli.Reports.Kvm;

/// <summary>Writes the report of a real guest's run for people: a chart and a table of its harvests.</summary>
internal sealed class KvmRunText(IAnsiConsole console)
{
    private const int MostRows = 40;

    private static readonly string[] Columns = ["\nharvest", "\nms", "dirty\npages", "\nentries", "full\nrings", "harvest\nus"];

    public void Write(KvmRunReport report)
    {
        KvmRunSettings settings = report.Settings;
        Say($"{settings.Pages:N0} pages, {KvmOptions.NameOf(settings.Pattern)} stores of {settings.Vcpus} {(settings.Vcpus == 1 ? "vCPU" : "vCPUs")}, on {settings.DevicePath}; {settings.Log.Name}");
        console.WriteLine();
        int perRow = Math.Max(1, (report.Intervals.Count + MostRows - 1) / MostRows);
        WriteChart(report.Intervals, perRow);
        WriteTable(report, perRow);
        double seconds = report.Total.Time.TotalSeconds;
        Say($"{report.Stores:N0} stores in {seconds:N2} s, {report.Stores / seconds / 1000:N0} thousand a second; {report.WrittenPages:N0} pages have changed, and all of them were reported.");
        if (report.Moves is { } moves)
            Say($"{moves.Count:N0} moves between rings and bitmaps, {moves.Time.TotalMilliseconds:N1} ms in all, {moves.Standstill.TotalMilliseconds:N1} ms of them without the guest; {moves.Refused:N0} were refused.");
    }

    private void WriteChart(IReadOnlyList<KvmInterval> intervals, int perRow)
    {
        string folded = perRow == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"; a bar is the mean of {perRow}");
        Say($"Dirty pages of each harvest{folded}");
        BarChart chart = new BarChart().Width(Math.Min(console.Profile.Width, 80)).UseValueFormatter(static (value, _) => value.ToString("0.#", CultureInfo.InvariantCulture));
        int index = 0;
        foreach (KvmInterval[] group in intervals.Chunk(perRow))
        {
            chart.AddItem(LabelOf(index, group.Length), Math.Round(group.Average(interval => interval.DirtyPages), 1), Color.Green);
            index += group.Length;
        }

        console.Write(chart);
        console.WriteLine();
    }

    private void WriteTable(KvmRunReport report, int perRow)
    {
        if (perRow > 1)
            Say($"A row is {perRow} harvests: their mean of dirty pages, and the sum of all else.");
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in Columns)
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap().Padding(0, 0));
        int index = 0;
        foreach (KvmInterval[] group in report.Intervals.Chunk(perRow))
        {
            AddRow(table, LabelOf(index, group.Length), new KvmInterval(
                group.Aggregate(TimeSpan.Zero, (sum, row) => sum + row.Time),
                (long)Math.Round(group.Average(row => row.DirtyPages)),
                group.Aggregate(0UL, (sum, row) => sum + row.Entries),
                group.Sum(row => row.FullRings),
                group.Aggregate(TimeSpan.Zero, (sum, row) => sum + row.HarvestTime)));
            index += group.Length;
        }

        table.AddEmptyRow();
        AddRow(table, "any", report.Total);
        console.Write(table);
    }

    private static void AddRow(Table table, string label, KvmInterval row) => table.AddRow(
        label,
        row.Time.TotalMilliseconds.ToString("N1", CultureInfo.InvariantCulture),
        row.DirtyPages.ToString("N0", CultureInfo.InvariantCulture),
        row.Entries.ToString("N0", CultureInfo.InvariantCulture),
        row.FullRings.ToString("N0", CultureInfo.InvariantCulture),
        row.HarvestTime.TotalMicroseconds.ToString("N1", CultureInfo.InvariantCulture));

    private static string LabelOf(int index, int count) =>
        count == 1 ? index.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{index}-{index + count - 1}");

    // Plain text: file names may hold what Spectre takes for markup.
    private void Say(FormattableString text) => console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
