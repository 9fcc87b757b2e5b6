using RingKit.Cli.Commands.Values;
using RingKit.Cli.Tables;
using RingKit.Mmu.HashTable;
using RingKit.Sweeps;
using Spectre.Console;

namespace RingKit.Cli.Reports.Hpt;

/// <summary>Writes what is in a table for people: counts, where its entries are, how long it takes to sweep.</summary>
internal sealed class HptText(IAnsiConsole console)
{
    private const int MostColumns = 128;

    // "changed |" before a strip, "|" behind it.
    private const int BesideStrip = 10;

    public void Write(TableReport report, string file)
    {
        HptStatistics counts = report.Counts;
        Say($"{file}");
        Say(
            $"{report.FormatName}, order {report.Table.Order}: {MemorySize.Format(report.Table.EntryCount * WordPair.SizeInBytes)}, ",
            $"{report.Table.Geometry.GroupCount:N0} groups of {HptGeometry.EntriesPerGroup} entries");
        console.WriteLine();
        WriteCounts(counts);
        WriteStrips(report.Table);
        WriteTimes(report);
    }

    private static string SizeOf(HptePageSize size) => size.BaseShift == size.ActualShift
        ? MemorySize.Format(size.Bytes)
        : $"{MemorySize.Format(size.Bytes)} in {MemorySize.Format(1UL << size.BaseShift)} segments";

    private void WriteCounts(HptStatistics counts)
    {
        Table table = NewTable("", "entries", "of valid");
        Row("entries", counts.Entries);
        Row("absent", counts.Absent);
        Row("valid", counts.Valid);
        OfValid("bolted", counts.Bolted);
        OfValid("secondary", counts.Secondary);
        OfValid("referenced", counts.Referenced);
        OfValid("changed", counts.Changed);
        OfValid("writable", counts.Writable);
        OfValid("large", counts.Large);
        foreach ((HptePageSize size, ulong count) in counts.PageSizes)
            OfValid($"pages of {SizeOf(size)}", count);
        if (counts.OfNoPageSize > 0)
            OfValid("of no page size", counts.OfNoPageSize);
        Row("distinct changed frames", counts.DistinctChangedFrames);
        console.Write(table);
        console.WriteLine();

        void Row(string name, ulong count) => table.AddRow(name, Format(count), "");

        void OfValid(string name, ulong count) =>
            table.AddRow(name, Format(count), counts.Valid == 0 ? "" : $"{Format(100.0 * count / counts.Valid, "0.0")} %");
    }

    private void WriteStrips(HashedPageTable table)
    {
        int columns = Math.Clamp(console.Profile.Width - BesideStrip, 16, MostColumns);
        ulong[] valid = TableDensity.Of(table.View, TableDensity.Valid, columns);
        ulong[] changed = TableDensity.Of(table.View, TableDensity.Changed, columns);
        ulong highest = valid.Max();
        double perColumn = (double)table.EntryCount / columns;
        Say($"From the first entry to the last: {perColumn:N0} a column, the highest bar {highest:N0}");
        Strip("valid  ", valid, Color.Green);
        Strip("changed", changed, Color.Red);
        console.WriteLine();

        // Frames show where blanks begin and end, also without colours.
        void Strip(string name, ulong[] counts, Color color)
        {
            console.Write($"{name} |", Style.Plain);
            console.Write(TableDensity.Strip(counts, highest), new Style(color));
            console.WriteLine("|");
        }
    }

    private void WriteTimes(TableReport report)
    {
        double bytes = report.Table.EntryCount * WordPair.SizeInBytes;
        Table table = NewTable("one sweep", "us", "GB/s");
        Row("scalar loop", report.Times.Scalar);
        Row("SIMD", report.Times.Simd);
        Row("SIMD, parallel", report.Times.Parallel);
        console.Write(table);

        void Row(string name, TimeSpan time) =>
            table.AddRow(name, Format(time.TotalMicroseconds, "N1"), Format(bytes / time.TotalSeconds / 1e9, "0.0"));
    }

    private static Table NewTable(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        for (int i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(columns[i]);
            table.AddColumn((i == 0 ? column : column.RightAligned()).NoWrap());
        }

        return table;
    }

    private static string Format<T>(T value, string format = "N0")
        where T : IFormattable => value.ToString(format, CultureInfo.InvariantCulture);

    // Plain text: file names may hold what Spectre takes for markup.
    private void Say(FormattableString text, FormattableString? more = null) =>
        console.WriteLine(text.ToString(CultureInfo.InvariantCulture) + more?.ToString(CultureInfo.InvariantCulture));
}
