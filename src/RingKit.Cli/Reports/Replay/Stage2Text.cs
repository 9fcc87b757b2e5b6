using RingKit.Cli.Replay;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using Spectre.Console;

namespace RingKit.Cli.Reports.Replay;

/// <summary>Writes for people what became of a stage-2 page table.</summary>
internal sealed class Stage2Text(IAnsiConsole console)
{
    private static readonly string[] Costs =
    [
        "\nstage 2", "transl.\nfaults", "perm.\nfaults", "blocks\ndissolved", "blocks\nsplit", "tables\nadded", "tables\nfreed",
        "by\nIPA", "by\nrange", "of\nall", "\nlocal",
    ];

    private static readonly string[] Sizes = ["mappings", "4 KiB", "2 MiB", "1 GiB"];

    public void Write(Stage2Figures figures)
    {
        string generation = figures.Options.Generation == Stage2Generation.Current ? "current KVM" : "the patches of 2014";
        string pages = figures.Options.HasHugePages ? "transparent huge pages" : "pages of 4 KiB";
        string split = figures.Options.EagerSplitChunk == 0 ? "on fault" : "ahead";
        Say($"Stage 2 of {generation}, {pages}, blocks split {split}");
        Table table = Of(Costs);
        Add(table, "log on", figures.Logged);
        Add(table, "after", figures.Recovery);
        console.Write(table);

        table = Of(Sizes);
        Add(table, "log started", figures.Before);
        Add(table, "log stopped", figures.Stopped);
        Add(table, "after", figures.After);
        console.Write(table);
        Say($"Stopping the log changes no mapping: faults bring blocks back. 'After' is when the guest has asked");
        Say($"for each of its first {figures.TouchedPages:N0} pages once more, for writing, as it did before the log started.");
        Say($"The last four columns of the first table are TLB invalidations, by kind.");
        console.WriteLine();
    }

    private static Table Of(string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        for (int i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(columns[i]).NoWrap().Padding(0, 0);
            table.AddColumn(i == 0 ? column.LeftAligned() : column.RightAligned());
        }

        return table;
    }

    private static void Add(Table table, string label, Stage2Statistics costs) => AddRow(
        table,
        label,
        costs.TranslationFaults,
        costs.PermissionFaults,
        costs.DissolvedBlocks,
        costs.SplitBlocks,
        costs.TablesTaken,
        costs.TablesFreed,
        costs.InvalidationsByIpa,
        costs.InvalidationsByRange,
        costs.InvalidationsOfAll,
        costs.LocalInvalidations);

    private static void Add(Table table, string label, Stage2Mappings mappings) =>
        AddRow(table, label, mappings.Pages, mappings.Blocks2M, mappings.Blocks1G);

    private static void AddRow(Table table, string label, params ReadOnlySpan<ulong> values)
    {
        string[] cells = new string[values.Length + 1];
        cells[0] = label;
        for (int i = 0; i < values.Length; i++)
            cells[i + 1] = values[i].ToString("N0", CultureInfo.InvariantCulture);
        table.AddRow(cells);
    }

    private void Say(FormattableString text) => console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
