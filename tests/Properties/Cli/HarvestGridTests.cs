using System.Globalization;
using System.Text.Json;
using RingKit.Cli.Commands;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Findings;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Cli.Reports.Harvest;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class HarvestGridTests
{
    private const ulong Mebibyte = 1 << 20;

    [Theory]
    [InlineData("0", 0)]
    [InlineData("17", 17)]
    [InlineData("0%", 0)]
    [InlineData("0.0001%", 1)]
    [InlineData("0.1%", 1049)]
    [InlineData("50%", 524_288)]
    [InlineData("100%", 1 << 20)]
    public void An_amount_is_a_part_of_the_pages_or_a_number_of_them(string text, int pages)
    {
        Assert.True(DirtyAmount.TryParse(text, out DirtyAmount amount));
        Assert.Equal((ulong)pages, amount.PagesOf(1 << 20));
        Assert.Equal(text == "0%" ? "0" : text, amount.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("-1%")]
    [InlineData("100.1%")]
    [InlineData("1e1%")]
    [InlineData("1.5")]
    [InlineData("-3")]
    [InlineData("99999999999999999999")]
    [InlineData("all")]
    public void Anything_else_is_no_amount(string text) => Assert.False(DirtyAmount.TryParse(text, out _));

    [Fact]
    public void Every_log_over_every_page_table_reports_the_pages_of_every_pattern()
    {
        foreach (MmuChoice mmu in MmuChoice.All)
        {
            HarvestReport report = Run(Settings(mmu) with
            {
                Dirty = [Pages(0), Pages(1), Pages(700), DirtyAmount.OfPercent(100)],
                RingEntries = (int)mmu.SmallestRing,
            });
            Assert.Equal(4 * 3 * HarvestLogs.Over(mmu).Count, report.Cells.Count);
            Assert.Empty(report.LeftOut);
            foreach (LogCell cell in report.Cells)
            {
                Assert.Equal(cell.Cell.Dirty.PagesOf(2048), cell.DirtyPages);
                Assert.Equal(cell.DirtyPages, cell.StoredPages);
                Assert.True(cell.Costs.Harvest > 0 && cell.Costs.Total >= cell.Costs.Harvest);
                Assert.True(cell.BookkeepingBytes > 0);
            }

            // A first store to a protected page faults, whatever its log; one that the processor notes does not.
            if (mmu != MmuChoice.Hash)
                Assert.All(report.Cells, cell => Assert.Equal(mmu == MmuChoice.TdpWithLog ? 0 : cell.DirtyPages, cell.Costs.Faults));
        }
    }

    [Fact]
    public void A_ring_is_harvested_as_often_as_it_is_full()
    {
        HarvestReport report = Run(Settings(MmuChoice.Flat) with { Dirty = [Pages(191), Pages(192), Pages(2000)], RingEntries = 256, Patterns = [PagePattern.Runs] });
        LogCell[] ring = [.. report.Cells.Where(cell => cell.Log == "ring")];

        // 64 of 256 are KVM's reserve: a vCPU exits behind the 192nd.
        Assert.Equal([0.0, 1, 10], ring.Select(cell => cell.Costs.FullExits));
        Assert.Equal([191.0, 192, 2000], ring.Select(cell => cell.Costs.Entries));
        Assert.All(ring.Skip(1), cell => Assert.True(cell.Costs.Stall > 0 && cell.Costs.Harvest >= cell.Costs.Stall));
        Assert.All(report.Cells.Where(cell => cell.Log is not ("ring" or "sim-kvm-ring")), cell => Assert.Equal(0, cell.Costs.FullExits));
        Assert.Equal(ring.Select(cell => cell.Costs.FullExits), report.Cells.Where(cell => cell.Log == "sim-kvm-ring").Select(cell => cell.Costs.FullExits));
    }

    [Fact]
    public void What_the_adaptive_log_took_is_said()
    {
        HarvestReport report = Run(Settings(MmuChoice.Flat) with
        {
            Memory = [64 * Mebibyte],
            Dirty = [Pages(1), DirtyAmount.OfPercent(100)],
            Patterns = [PagePattern.Runs],
        });
        Assert.All(report.Cells, cell => Assert.Equal(cell.Log == "adaptive", cell.Form is not null));
        DirtyLogForm?[] forms = [.. report.Cells.Where(cell => cell.Log == "adaptive").Select(cell => cell.Form)];
        Assert.Equal([DirtyLogForm.Ring, DirtyLogForm.Bitmap], forms);
        Assert.Equal("adaptive took the ring in 1, the bitmap in 1 of 2 cells.", HarvestFindings.Of(report).Last());
        var json = new StringWriter();
        HarvestJson.Write(report, json);
        using var document = JsonDocument.Parse(json.ToString());
        Assert.Equal(["ring", "bitmap"], document.RootElement.GetProperty("cells").EnumerateArray()
            .Where(cell => cell.GetProperty("log").GetString() == "adaptive").Select(cell => cell.GetProperty("form").GetString()));
    }

    // Code that is first run in a measured round is measured as the JIT compiler first leaves it.
    [Fact]
    public void The_rehearsal_takes_a_log_that_chooses_through_all_its_forms()
    {
        DirtyLogForm?[] forms =
        [
            .. RehearsalShape.All.Select(shape => Run(Settings(MmuChoice.Flat) with
            {
                Logs = [LogChoice.Flat.Single(HarvestLogs.Chooses)],
                Memory = [shape.GuestPages * GuestPage.Size],
                Dirty = [Pages((ulong)shape.Stores)],
                Patterns = [shape.Pattern],
            }).Cells.Single().Form),
        ];
        Assert.Equal([DirtyLogForm.Ring, DirtyLogForm.Summary, DirtyLogForm.Bitmap], forms);
    }

    [Fact]
    public void A_log_that_chooses_is_measured_twice_and_its_first_round_by_itself()
    {
        HarvestReport report = Run(Settings(MmuChoice.Flat) with { Memory = [64 * Mebibyte], Dirty = [Pages(100), Pages(6000)], TimesCount = true });
        Assert.All(report.Cells, cell => Assert.Equal(cell.Log == "adaptive", cell.Again is { Total: > 0 }));
        Assert.All(report.Cells, cell => Assert.True(cell.First > 0));
        string[] said = [.. HarvestFindings.Of(report).Where(sentence => sentence.StartsWith("adaptive, ", StringComparison.Ordinal))];
        Assert.Equal(3, said.Length);
        Assert.StartsWith("adaptive, guest and harvest, at most 1.15 times the best one's cost in ", said[0], StringComparison.Ordinal);
        Assert.Contains("the first round of all", said[1], StringComparison.Ordinal);
        Assert.Contains(" of 6 cells; at worst ", said[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Each_table_is_handed_over_when_it_is_complete()
    {
        var watcher = new Watcher();
        HarvestSettings settings = Settings(MmuChoice.Flat) with { Memory = [Mebibyte, 8 * Mebibyte], Dirty = [Pages(3), Pages(300)], Patterns = [PagePattern.Random, PagePattern.Runs] };
        using var grid = new HarvestGrid(settings);
        HarvestReport report = grid.Run(watcher, TestContext.Current.CancellationToken);

        // The smaller guest has 256 pages, and so half of the cells.
        int logs = settings.Logs.Count;
        Assert.Equal(["begin", $"{logs} at 0.25", $"{logs} at 0.5", $"{2 * logs} at 0.75", $"{2 * logs} at 1"], watcher.Heard);
        Assert.Equal(report.Cells, watcher.Cells);
    }

    // The adaptive log goes into its bitmap meanwhile, and the page table is everybody's.
    [Fact]
    public void Logs_that_take_turns_on_one_machine_all_see_every_page_of_every_round()
    {
        foreach (ulong pages in (ulong[])[0, 50, 6000])
        {
            HarvestSettings settings = Settings(MmuChoice.Flat) with { Memory = [64 * Mebibyte], Logs = HarvestLogs.Over(MmuChoice.Flat) };
            using var machines = new GuestMachines(16384, settings);
            var harvested = new HarvestedPages();
            uint[] stored = DirtyPages.Choose(PagePattern.Random, 16384, (int)pages);
            harvested.Expect(16384, stored);
            LogSamples[] logs = [.. settings.Logs.Select(log => new LogSamples(log))];
            for (int pass = 0; pass < 2; pass++)
            {
                using var turns = new LogTurns(
                    logs, log => new LoggedGuest(machines.For(log, populate: false), log, settings, new PageRound(stored), harvested, null, TestContext.Current.CancellationToken), 1);
                for (int i = 0; i < 3; i++)
                    turns.Round();
                turns.RoundWithoutProtection();
                turns.Round();
            }

            Assert.All(logs, log => Assert.Equal(Enumerable.Repeat((double)pages, 8), log.Rounds.Select(round => round.Faults)));
            Assert.Null(machines.For(settings.Logs[0], populate: false).DirtyLog);
        }
    }

    [Fact]
    public void Several_vcpus_share_the_stores()
    {
        HarvestReport report = Run(Settings(MmuChoice.Flat) with { Vcpus = 3, Dirty = [Pages(2), Pages(1500)], RingEntries = 256 });
        Assert.All(report.Cells, cell => Assert.Equal(cell.DirtyPages, cell.Costs.Faults));
        Assert.All(report.Cells.Where(cell => cell.Log == "ring"), cell => Assert.Equal(3u * 256 * 16, cell.BookkeepingBytes));
    }

    [Fact]
    public void A_cell_with_too_many_pages_is_measured_on_a_smaller_guest_and_scaled()
    {
        HarvestSettings settings = Settings(MmuChoice.Flat) with { Dirty = [Pages(256), DirtyAmount.OfPercent(50)], MostStores = 300, Patterns = [PagePattern.Random] };
        HarvestReport report = Run(settings);
        Assert.All(report.Cells.Take(settings.Logs.Count), cell => Assert.Equal((false, 256ul, 256ul), (cell.IsSampled, cell.DirtyPages, cell.StoredPages)));
        foreach (LogCell cell in report.Cells.Skip(settings.Logs.Count))
        {
            Assert.Equal((true, 1024ul, 256ul), (cell.IsSampled, cell.DirtyPages, cell.StoredPages));
            Assert.Equal(1024, cell.Costs.Faults);
            Assert.Equal(report.Cells.First(other => other.Log == cell.Log).BookkeepingBytes, cell.BookkeepingBytes);
        }

        Assert.Equal(2048.0 / 8, report.Cells.Last(cell => cell.Log == "bitmap").Costs.BytesTouched);
    }

    [Fact]
    public void What_cannot_be_measured_is_left_out_with_the_reason()
    {
        HarvestReport report = Run(Settings(MmuChoice.Flat) with { Memory = [Mebibyte, 8 * Mebibyte], Dirty = [Pages(1000)], Patterns = [PagePattern.Random] });
        LeftOut left = Assert.Single(report.LeftOut);
        Assert.Equal((Mebibyte, "the guest has 256 pages"), (left.Cell.Memory, left.Reason));
        Assert.All(report.Cells, cell => Assert.Equal(8 * Mebibyte, cell.Cell.Memory));

        HarvestSettings huge = Settings(MmuChoice.Hash) with { Memory = [1UL << 40], Dirty = [Pages(1000)] };
        string message = Assert.Throws<CommandException>(() => Run(huge)).Message;
        Assert.StartsWith("--memory: no cell can be measured; 1T, 1000, random: the hash page table", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_reports_other_pages_is_found_out()
    {
        foreach ((Func<ulong, ulong> lie, string relation) in ((Func<ulong, ulong>, string)[])[
            (mask => mask & (mask - 1), "misses a page that the guest stored to"),
            (mask => mask | (mask << 1), "has a page that the guest did not store to")])
        {
            LogChoice honest = LogChoice.Flat[0];
            LogChoice lying = honest with { Name = "lying", Make = (machine, settings) => new LyingLog(honest.Make(machine, settings), lie) };
            HarvestSettings settings = Settings(MmuChoice.Flat) with { Logs = [honest, lying], Dirty = [Pages(3)], Patterns = [PagePattern.Random] };
            string message = Assert.Throws<LogsDisagreeException>(() => Run(settings)).Message;
            Assert.Contains($"the lying log {relation}: guest frame ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_cancelled_grid_ends()
    {
        using var cancellation = new CancellationTokenSource();
        HarvestSettings settings = Settings(MmuChoice.Flat) with { Memory = [16UL << 30], Dirty = [DirtyAmount.OfPercent(100)], MostStores = int.MaxValue };
        cancellation.CancelAfter(TimeSpan.FromMilliseconds(500));
        using var grid = new HarvestGrid(settings);
        Assert.ThrowsAny<OperationCanceledException>(() => grid.Run(null, cancellation.Token));
    }

    private sealed class Watcher : IHarvestWatcher
    {
        private double _part;

        public List<string> Heard { get; } = [];

        public List<LogCell> Cells { get; } = [];

        public void Begin(HarvestSettings settings) => Heard.Add("begin");

        public void Measured(double part) => _part = part;

        public void End(IReadOnlyList<LogCell> cells)
        {
            Heard.Add(string.Create(CultureInfo.InvariantCulture, $"{cells.Count} at {_part}"));
            Cells.AddRange(cells);
        }
    }

    private static DirtyAmount Pages(ulong pages) => DirtyAmount.OfPages(pages);

    private static HarvestReport Run(HarvestSettings settings)
    {
        using var grid = new HarvestGrid(settings);
        return grid.Run(null, TestContext.Current.CancellationToken);
    }

    private static HarvestSettings Settings(MmuChoice mmu) => new()
    {
        Mmu = mmu,
        Logs = HarvestLogs.Over(mmu),
        Memory = [2048 * GuestPage.Size],
        Dirty = [Pages(1)],
        Patterns = PagePatterns.All,
        TimesCount = false,
    };
}
