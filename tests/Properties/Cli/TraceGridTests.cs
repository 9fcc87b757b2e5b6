using System.Globalization;
using System.Text;
using System.Text.Json;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.ByTrace;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>Harvests compared by a trace.</summary>
public sealed class TraceGridTests
{
    // Frames 0 and 1; frame 1 twice; frame 2 is loaded from; frames 3 and 4, by one access that crosses, which is two stores.
    private const string Small = " S 1000,8\n M 2000,4\n S 2008,8\n S 2010,8\n L 9000,8\n S 3ffc,8\n";

    [Fact]
    public void Every_log_over_every_page_table_reports_the_pages_of_each_round()
    {
        foreach (MmuChoice mmu in MmuChoice.All)
        {
            HarvestReport report = Run(Settings(mmu, Small, 2));
            Assert.Equal(HarvestLogs.Over(mmu).Count, report.Cells.Count);
            foreach (LogCell cell in report.Cells)
            {
                // 2, 1 and 2 pages.
                Assert.Equal((2ul, 2ul, 3, 2.0), (cell.DirtyPages, cell.StoredPages, cell.Rounds, cell.Stores));
                Assert.True(cell.Costs.Harvest > 0 && cell.Costs.Total >= cell.Costs.Harvest && cell.BookkeepingBytes > 0);
            }
        }
    }

    [Fact]
    public void Costs_are_those_of_the_mean_round()
    {
        HarvestReport report = Run(Settings(MmuChoice.Flat, Small, 2, 1, 1000) with { RingEntries = 256 });
        LogCell[] ring = [.. report.Cells.Where(cell => cell.Log == "ring")];
        Assert.Equal(["2 stores", "1 store", "1000 stores"], ring.Select(cell => cell.Cell.Dirty.ToString()));
        Assert.Equal([3, 6, 1], ring.Select(cell => cell.Rounds));
        Assert.Equal([5.0 / 3, 1, 4], ring.Select(cell => cell.Costs.Entries), Near);
        Assert.Equal([5.0 / 3, 1, 4], ring.Select(cell => cell.Costs.Faults), Near);
        Assert.Equal([2, 1, 4], ring.Select(cell => (int)cell.DirtyPages));

        static bool Near(double expected, double actual) => Math.Abs(expected - actual) < 1e-9;
    }

    [Fact]
    public void Vcpus_share_the_stores_of_a_round_and_full_rings_are_harvested()
    {
        var text = new StringBuilder();
        for (int i = 0; i < 3000; i++)
            text.Append(CultureInfo.InvariantCulture, $" S {i % 1000 * 4096:x},{1 + (i % 16)}\n");
        HarvestReport report = Run(Settings(MmuChoice.Flat, text.ToString(), 1000) with { Vcpus = 3, RingEntries = 256 });
        Assert.All(report.Cells, cell => Assert.Equal((1000ul, 1000.0, 3), (cell.DirtyPages, cell.Costs.Faults, cell.Rounds)));
        foreach (LogCell ring in report.Cells.Where(cell => cell.Log is "ring" or "sim-kvm-ring"))
            Assert.True(ring.Costs.FullExits > 0 && ring.Costs.Stall > 0);
    }

    [Fact]
    public void A_log_that_reports_other_pages_is_found_out_with_the_round()
    {
        foreach ((Func<ulong, ulong> lie, string problem) in ((Func<ulong, ulong>, string)[])[
            (mask => mask & ~8UL, "round 2: the lying log misses a page that the guest stored to: guest frame 3"),
            (mask => mask | 2, "round 2: the lying log has a page that the guest did not store to: guest frame 1")])
        {
            LogChoice honest = LogChoice.Flat[0];
            LogChoice lying = honest with { Name = "lying", Make = (machine, settings) => new LyingLog(honest.Make(machine, settings), lie) };
            string message = Assert.Throws<LogsDisagreeException>(() => Run(Settings(MmuChoice.Flat, Small, 2) with { Logs = [honest, lying] })).Message;
            Assert.Equal($"a trace: 1M, 2 stores: {problem}", message);
        }
    }

    [Fact]
    public void A_cancelled_comparison_ends() => Assert.ThrowsAny<OperationCanceledException>(() =>
    {
        using var grid = new TraceGrid(Settings(MmuChoice.Flat, Small, 1));
        grid.Run(null, new CancellationToken(canceled: true));
    });

    [Fact]
    public async Task The_command_compares_by_a_trace()
    {
        string[] args = ["harvest", "--trace", TraceFiles.Ls, "--interval", "5000,20000", "--memory", "64M,1G", "--logs", "all"];
        CommandResult json = await CommandResult.OfAsync([.. args, "--json"]);
        Assert.Equal((0, ""), (json.ExitCode, json.Error));
        using var document = JsonDocument.Parse(json.Output);
        Assert.Equal(TraceFiles.Ls, document.RootElement.GetProperty("trace").GetString());
        JsonElement[] cells = [.. document.RootElement.GetProperty("cells").EnumerateArray()];
        Assert.Equal(2 * 2 * HarvestLogs.Over(MmuChoice.Flat).Count, cells.Length);
        Assert.All(cells, cell => Assert.Equal("trace", cell.GetProperty("pattern").GetString()));

        // As a replay finds them.
        foreach (int interval in (int[])[5000, 20_000])
        {
            var model = NaiveReplay.OfGzip(TraceFiles.Ls, interval);
            double mean = model.Intervals.Average(pages => pages.Count);
            JsonElement[] of = [.. cells.Where(cell => cell.GetProperty("dirty").GetString() == $"{interval} stores")];
            Assert.All(of, cell => Assert.Equal(model.Intervals.Count, cell.GetProperty("rounds").GetInt32()));
            Assert.All(of, cell => Assert.InRange(cell.GetProperty("dirty_pages").GetDouble(), mean - 0.51, mean + 0.51));
        }

        CommandResult text = await CommandResult.OfAsync(args);
        Assert.Equal((0, ""), (text.ExitCode, text.Error));
        Assert.All(text.Output.Replace(TraceFiles.Ls, "", StringComparison.Ordinal).Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 120));
        Assert.Matches(@"7[34],\d{3}\s+stores\s+to\s+45\s+pages\.", text.Output);
        Assert.Contains("All 9 logs reported the same pages in 4 cells.", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_that_cannot_be_used_is_refused_and_leaves_no_file()
    {
        using var files = new TraceFiles();
        string csv = files.PathOf("cells.csv");
        foreach ((string text, string problem) in ((string, string)[])[
            (" L 1000,8\n", "the trace ends without a store"),
            (" S 1000,8\n S 2000,8\nnonsense\n", ":3: not a line of a lackey trace"),
            (" S 1000,8\n S 2000,8\n S 3000,8\n", ":3: the trace touches more pages than --memory holds")])
        {
            CommandResult result = await CommandResult.OfAsync("harvest", "--trace", files.Write(text), "--memory", "8K,1M", "--csv", csv);
            Assert.Equal((2, ""), (result.ExitCode, result.Output));
            Assert.Contains(problem, result.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(csv));
        }
    }

    private static HarvestReport Run(HarvestSettings settings)
    {
        using var grid = new TraceGrid(settings);
        return grid.Run(null, TestContext.Current.CancellationToken);
    }

    private static HarvestSettings Settings(MmuChoice mmu, string text, params int[] intervals)
    {
        const ulong Memory = 256 * GuestPage.Size;
        bool isLarge = text.Length > 1000;
        ulong memory = isLarge ? 16 * Memory : Memory;
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(text));
        return new HarvestSettings
        {
            Mmu = mmu,
            Logs = HarvestLogs.Over(mmu),
            Memory = [memory],
            Dirty = [.. intervals.Select(DirtyAmount.OfStores)],
            Patterns = [PagePattern.Trace],
            RingEntries = (int)mmu.SmallestRing,
            TimesCount = false,
            TracePath = "a trace",
            Trace = TraceStores.Read(new LackeyReader(stream, "a trace"), memory >> GuestPage.Shift),
        };
    }
}
