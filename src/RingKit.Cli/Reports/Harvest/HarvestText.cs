using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Findings;
using RingKit.Cli.Harvest.Patterns;
using Spectre.Console;

namespace RingKit.Cli.Reports.Harvest;

/// <summary>Writes a comparison for people: a table for each size of guest and pattern, and what follows from them.</summary>
internal sealed class HarvestText(IAnsiConsole console)
{
    // Logs beyond that have a table of their own: a line has a hundred characters.
    private const int MostWidth = 78;
    private const int EntryWidth = 12;

    private ulong? _memory;

    /// <summary>Writes all of it at once.</summary>
    public void Write(HarvestReport report, TimeSpan elapsed)
    {
        WriteHead(report.Settings);
        foreach (IGrouping<(ulong Memory, PagePattern Pattern), LogCell> cells in report.Cells.GroupBy(cell => (cell.Cell.Memory, cell.Cell.Pattern)))
            WriteCells([.. cells]);
        WriteFindings(report, elapsed);
    }

    /// <summary>Writes what stands above the tables.</summary>
    public void WriteHead(HarvestSettings settings)
    {
        string vcpus = settings.Vcpus == 1 ? "one vCPU" : $"{settings.Vcpus} vCPUs";
        string[] real = [.. settings.Logs.Where(log => log.IsReal).Select(log => log.Name)];
        Say($"Guests with {vcpus} and a {settings.Mmu.Name} page table; rings of {settings.RingEntries:N0} entries a vCPU.");
        if (real.Length != 0)
            Say($"{string.Join(", ", real)}: the kernel's own, of a real guest on this machine's KVM.");
        if (settings.Trace is { } trace)
        {
            Say($"{settings.TracePath}: {trace.Count:N0} stores to {trace.DistinctPages:N0} pages{(trace.IsCut ? ", and more, which are left out" : "")}.");
            Say($"For each log, in the mean of the rounds: the time of a harvest, and the guest's ns for each store,");
            Say($"full rings included. * is the harvest that costs least.");
        }
        else
        {
            Say($"For each log: the time of a harvest, and the guest's ns for each first store to a page, full rings");
            Say($"included. * is the harvest that costs least; ~ is scaled from a smaller guest with as much dirty.");
        }
    }

    /// <summary>Writes the table of a guest and pattern, or some if there are many logs.</summary>
    /// <param name="cells">The cells, log by log.</param>
    public void WriteCells(IReadOnlyList<LogCell> cells)
    {
        if (cells.Count == 0)
            return;
        if (_memory != cells[0].Cell.Memory)
        {
            _memory = cells[0].Cell.Memory;
            console.WriteLine();
            WriteMemory(cells[0].Cell.Memory, cells);
        }

        foreach (string[] logs in Lines(cells.Select(cell => cell.Log).Distinct(StringComparer.Ordinal)))
            WriteTable(cells, logs);
        WriteFullRings(cells);
    }

    /// <summary>Writes what is left out, and what follows from the rest.</summary>
    public void WriteFindings(HarvestReport report, TimeSpan elapsed)
    {
        WriteLeftOut(report);
        console.WriteLine();
        Say($"Who leads? A log does until another one costs {Crossovers.Tolerance - 1:P0} less.");
        foreach (string sentence in HarvestFindings.Of(report))
            Say($"{sentence}");
        Say($"All {report.Settings.Logs.Count} logs reported the same pages in {report.Cells.Select(cell => cell.Cell).Distinct().Count()} cells. {elapsed.TotalSeconds:N0} s.");
    }

    private void WriteMemory(ulong memory, IReadOnlyList<LogCell> cells)
    {
        Say($"{MemorySize.Format(memory)}: {HarvestSettings.PagesOf(memory):N0} pages. Memory of the log: ", $"""
            {string.Join(", ", cells.DistinctBy(cell => cell.Log, StringComparer.Ordinal).Select(cell => $"{cell.Log} {MemorySize.Approximate(cell.BookkeepingBytes)}"))}
            """);
    }

    private static IEnumerable<string[]> Lines(IEnumerable<string> logs)
    {
        List<string> line = [];
        foreach (string log in logs)
        {
            if (line.Append(log).Sum(name => Math.Max(name.Length, EntryWidth) + 1) > MostWidth)
            {
                yield return [.. line];
                line.Clear();
            }

            line.Add(log);
        }

        yield return [.. line];
    }

    private void WriteTable(IReadOnlyList<LogCell> cells, string[] logs)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn(PagePatterns.NameOf(cells[0].Cell.Pattern)).NoWrap().Padding(0, 0));
        foreach (string column in (string[])["pages", .. logs])
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap().Padding(new Padding(1, 0, 0, 0)));
        foreach (IGrouping<GridCell, LogCell> row in cells.GroupBy(cell => cell.Cell))
        {
            double least = row.Min(cell => cell.Costs.Harvest);
            table.AddRow([
                row.Key.Dirty.ToString(),
                row.First().DirtyPages.ToString(CultureInfo.InvariantCulture),
                .. row.Where(cell => logs.Contains(cell.Log)).Select(cell => Entry(cell, isLeast: cell.Costs.Harvest <= least)),
            ]);
        }

        console.Write(table);
    }

    private void WriteFullRings(IReadOnlyList<LogCell> cells)
    {
        foreach (IGrouping<string, LogCell> log in cells.Where(cell => cell.Costs.FullExits > 0).GroupBy(cell => cell.Log, StringComparer.Ordinal))
        {
            IEnumerable<string> exits = log.Select(cell => string.Create(
                CultureInfo.InvariantCulture, $"{cell.Cell.Dirty} {cell.Costs.FullExits:N0}, {cell.Costs.Stall / (cell.Costs.Guest + cell.Costs.Stall):P0}"));
            Say($"{log.Key}: exits for full rings, and the part of the guest's time that they took: {string.Join("; ", exits)}");
        }
    }

    private void WriteLeftOut(HarvestReport report)
    {
        foreach (var group in report.LeftOut.GroupBy(left => (left.Cell.Memory, left.Reason)))
        {
            IEnumerable<string> cells = group.GroupBy(left => left.Cell.Dirty)
                .Select(dirty => $"{dirty.Key} {string.Join(", ", dirty.Select(left => PagePatterns.NameOf(left.Cell.Pattern)))}");
            Say($"Left out: {MemorySize.Format(group.Key.Memory)}, {string.Join("; ", cells)}: {group.Key.Reason}.");
        }
    }

    private static string Entry(LogCell cell, bool isLeast)
    {
        string mark = isLeast ? "*" : cell.IsSampled ? "~" : "";
        string store = cell.DirtyPages == 0 ? "   -" : cell.NanosecondsPerStore.ToString("0", CultureInfo.InvariantCulture).PadLeft(4);
        return $"{mark}{Short(cell.Costs.Harvest)} {store}";
    }

    private static string Short(double microseconds) => microseconds switch
    {
        < 1 => Format(microseconds * 1000, "ns"),
        < 1e3 => Format(microseconds, "us"),
        < 1e6 => Format(microseconds / 1e3, "ms"),
        _ => Format(microseconds / 1e6, "s"),
    };

    private static string Format(double value, string unit) => value.ToString(value < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture) + unit;

    // Plain text: nothing here is Spectre's markup.
    private void Say(FormattableString text, FormattableString? more = null) =>
        console.WriteLine(text.ToString(CultureInfo.InvariantCulture) + more?.ToString(CultureInfo.InvariantCulture));
}
