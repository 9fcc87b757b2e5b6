using System.IO.Compression;
using System.Text.Json;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>Replays through a stage-2 page table: the pages of the flat one in every combination, and the figures of each.</summary>
public sealed class Stage2ReplayTests
{
    private const ulong Blocks = 8;
    private const ulong Pages = Blocks * 512;

    [Theory]
    [InlineData(false, 0, Stage2Generation.Current)]
    [InlineData(false, 1 << 21, Stage2Generation.Current)]
    [InlineData(true, 0, Stage2Generation.Current)]
    [InlineData(true, 1 << 21, Stage2Generation.Current)]
    [InlineData(false, 0, Stage2Generation.Posted2014)]
    [InlineData(true, 0, Stage2Generation.Posted2014)]
    public void A_stage_2_table_gives_the_same_pages_and_bytes(bool hugePages, int chunk, Stage2Generation generation)
    {
        var model = NaiveReplay.OfGzip(TraceFiles.Ls, 5000);
        using var trace = new GZipStream(File.OpenRead(TraceFiles.Ls), CompressionMode.Decompress);
        var settings = new ReplaySettings
        {
            Interval = 5000,
            RingEntries = 256,
            Memory = Pages << 12,
            Mmu = MmuChoice.Stage2,
            Logs = MmuChoice.Stage2.Logs,
            Stage2 = new Stage2Options { HasHugePages = hugePages, EagerSplitChunk = (ulong)chunk, Generation = generation },
        };
        ReplayReport report = ReplayCheck.Run(trace, model, settings);
        Assert.Equal(["bitmap", "ring", "summary", "adaptive", "sim-kvm-get", "sim-kvm-clear", "sim-kvm-ring"], report.Logs.Select(log => log.Log));
        Assert.All(report.Logs, log => Check(log.Stage2!, hugePages, chunk != 0));
    }

    [Fact]
    public async Task Json_has_the_figures_of_the_table_under_each_log()
    {
        string[] args = ["replay", TraceFiles.Ls, "--mmu", "stage2", "--huge-pages", "--memory", "16M"];
        CommandResult result = await CommandResult.OfAsync([.. args, "--json"]);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal("stage2", json.RootElement.GetProperty("mmu").GetString());
        foreach (JsonElement log in json.RootElement.GetProperty("logs").EnumerateArray())
        {
            JsonElement stage2 = log.GetProperty("stage2");
            string[] keys =
            [
                "generation", "huge_pages", "split", "touched_pages", "logged", "mappings_before", "mappings_stopped", "mappings_after", "recovery",
            ];
            Assert.Equal(keys, stage2.EnumerateObject().Select(property => property.Name));
            Assert.Equal(("current", "on-fault", 4096), (
                stage2.GetProperty("generation").GetString(), stage2.GetProperty("split").GetString(), stage2.GetProperty("touched_pages").GetInt32()));
            string[] costs =
            [
                "translation_faults", "permission_faults", "access_flag_faults", "relaxed", "retries", "blocks_dissolved", "blocks_split", "tables_collapsed",
                "tables_allocated", "tables_freed", "invalidations_by_ipa", "invalidations_by_range", "invalidations_of_all", "invalidations_local",
            ];
            foreach (string cost in (string[])["logged", "recovery"])
                Assert.Equal(costs, stage2.GetProperty(cost).EnumerateObject().Select(property => property.Name));
            Assert.Equal("""{"pages":0,"blocks_2m":8,"blocks_1g":0}""", stage2.GetProperty("mappings_before").GetRawText());
            Assert.Equal("""{"pages":0,"blocks_2m":8,"blocks_1g":0}""", stage2.GetProperty("mappings_after").GetRawText());
            Assert.Equal(1, stage2.GetProperty("logged").GetProperty("blocks_dissolved").GetInt32());
        }

        // Without such a table there is no such property.
        result = await CommandResult.OfAsync("replay", TraceFiles.Ls, "--json");
        Assert.DoesNotContain("stage2", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_text_says_what_came_back_and_when_it_was_counted()
    {
        CommandResult result = await CommandResult.OfAsync(
            "replay", TraceFiles.Ls, "--mmu", "stage2", "--huge-pages", "--split", "eager", "--memory", "16M", "--log", "ring");
        Assert.Equal(0, result.ExitCode);
        string[] lines = [.. result.Output.Split('\n').Select(line => line.Trim())];
        Assert.Contains("Stage 2 of current KVM, transparent huge pages, blocks split ahead", lines);
        Assert.Contains("for each of its first 4,096 pages once more, for writing, as it did before the log started.", lines);
        Assert.Equal(["started", "0", "8", "0"], CellsOf(lines, "log started"));
        Assert.Equal(["stopped", "4,096", "0", "0"], CellsOf(lines, "log stopped"));
        Assert.Equal(["0", "8", "0"], CellsOf(lines.Reverse(), "after"));
        Assert.All(result.Output.Replace(TraceFiles.Ls, "", StringComparison.Ordinal).Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    private static string[] CellsOf(IEnumerable<string> lines, string label) =>
        lines.First(line => line.StartsWith($"{label} ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];

    private static void Check(Stage2Figures figures, bool hugePages, bool eager)
    {
        var whole = hugePages ? new Stage2Mappings(0, Blocks, 0) : new Stage2Mappings(Pages, 0, 0);
        Stage2Statistics logged = figures.Logged;
        Assert.Equal(whole, figures.Before);
        Assert.Equal(Pages, figures.TouchedPages);

        // The trace touches one block: without splitting ahead it is dissolved, and what it touches of it comes page by page.
        if (!hugePages || eager)
        {
            Assert.Equal(new Stage2Mappings(Pages, 0, 0), figures.Stopped);
            Assert.Equal((0ul, 0ul), (logged.TranslationFaults, logged.DissolvedBlocks));
        }
        else
        {
            Assert.Equal(new Stage2Mappings(logged.TranslationFaults + 1, Blocks - 1, 0), figures.Stopped);
            Assert.Equal((1ul, 1ul), (logged.DissolvedBlocks, logged.TablesTaken));
        }

        Assert.Equal(hugePages && eager ? Blocks : 0, logged.SplitBlocks);

        // Today's KVM adds the permission in place, and one vCPU forgets the page; in 2014 the page is mapped anew, and all forget it.
        bool relaxes = figures.Options.Generation == Stage2Generation.Current;
        Assert.Equal(relaxes ? logged.PermissionFaults - logged.DissolvedBlocks : 0, logged.Relaxed);
        Assert.Equal(logged.Relaxed, logged.LocalInvalidations);
        Assert.Equal(logged.SplitBlocks + (relaxes ? logged.DissolvedBlocks : logged.PermissionFaults), logged.InvalidationsByIpa);

        // One vCPU: each fault that maps a block over a table, or makes one writable again, brings one back.
        Assert.Equal(whole, figures.After);
        Assert.Equal(hugePages ? logged.SplitBlocks + logged.DissolvedBlocks : 0, figures.Recovery.CollapsedTables);
        Assert.Equal(figures.Recovery.CollapsedTables, figures.Recovery.TablesFreed);
    }
}
