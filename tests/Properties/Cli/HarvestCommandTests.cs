using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using RingKit.Cli.Commands;
using RingKit.Kvm.Host;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class HarvestCommandTests : IDisposable
{
    private static readonly string[] Small = ["harvest", "--memory", "8M,16M", "--dirty", "0,100,1%", "--pattern", "random,runs", "--logs", "ring,bitmap,summary", "--cell-time", "0ms"];

    private static readonly string[] CellKeys =
    [
        "memory", "memory_bytes", "dirty", "pattern", "log", "dirty_pages", "stored_pages", "sampled", "rounds", "faults", "guest_us", "stall_us", "ns_per_store",
        "full_exits", "harvest_us", "take_us", "total_us", "first_us", "entries", "reset_calls", "invalidations", "bytes_touched", "bookkeeping_bytes",
    ];

    private readonly TraceFiles _files = new();

    [Fact]
    public async Task Json_csv_chart_and_tables_have_all_cells()
    {
        string csv = _files.PathOf("cells.csv"), chart = _files.PathOf("chart.svg");
        CommandResult json = await CommandResult.OfAsync([.. Small, "--json", "--csv", csv, "--chart", chart]);
        Assert.Equal((0, ""), (json.ExitCode, json.Error));
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement root = document.RootElement;
        Assert.Equal(["machine", "mmu", "vcpus", "ring_entries", "cells", "left_out", "findings"], Keys(root));
        JsonElement[] cells = [.. root.GetProperty("cells").EnumerateArray()];
        Assert.Equal(2 * 3 * 2 * 3, cells.Length);
        Assert.All(cells, cell => Assert.Equal(CellKeys, Keys(cell)));
        Assert.Equal(["bitmap", "ring", "summary"], cells.Take(3).Select(cell => cell.GetProperty("log").GetString()));
        Assert.Equal([0, 100, 20, 0, 100, 20, 0, 100, 41, 0, 100, 41], cells.Where((_, i) => i % 3 == 0).Select(cell => cell.GetProperty("dirty_pages").GetInt32()));
        Assert.Equal(4, root.GetProperty("findings").GetArrayLength() / 2);

        string[] rows = await File.ReadAllLinesAsync(csv, TestContext.Current.CancellationToken);
        Assert.Equal(1 + cells.Length, rows.Length);
        Assert.All(rows, row => Assert.Equal(20, row.Split(',').Length));
        Assert.StartsWith("16M,1%,runs,summary,41,41,", rows[^1], StringComparison.Ordinal);
        var svg = XElement.Parse(await File.ReadAllTextAsync(chart, TestContext.Current.CancellationToken));
        Assert.Equal(4 * 3 + 3, svg.Elements().Count(element => element.Name.LocalName == "polyline"));

        CommandResult text = await CommandResult.OfAsync(Small);
        Assert.Equal((0, ""), (text.ExitCode, text.Error));
        string[] lines = [.. text.Output.Split('\n').Select(line => line.TrimEnd())];
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
        Assert.Equal(2, lines.Count(line => line.StartsWith(" random", StringComparison.Ordinal) && line.EndsWith("summary", StringComparison.Ordinal)));
        Assert.Contains("8M: 2,048 pages. Memory of the log: bitmap 256, ring 64K, summary 384", lines);
        Assert.Contains(lines, line => line.StartsWith("All 3 logs reported the same pages in 12 cells.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_hosts_kernel_is_a_log_like_the_others_where_it_is_named()
    {
        string[] arguments = ["harvest", "--memory", "8M,64G", "--dirty", "0,100,100%", "--pattern", "random,runs", "--logs", "bitmap,host", "--stores", "2000", "--cell-time", "0ms", "--json"];
        CommandResult result = await CommandResult.OfAsync(arguments);
        var support = HostTrackingSupport.Read();
        if (!support.IsOffered)
        {
            Assert.Equal(2, result.ExitCode);
            Assert.Contains($"--logs host: {support.WhyNot}", result.Error, StringComparison.Ordinal);
            Assert.Skip(support.WhyNot!);
        }

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement[] cells = [.. document.RootElement.GetProperty("cells").EnumerateArray()];
        Assert.Equal(["bitmap", "host"], cells.Select(cell => cell.GetProperty("log").GetString()).Distinct());
        string[] memories = [.. cells.Where(cell => cell.GetProperty("log").GetString() == "host").Select(cell => cell.GetProperty("memory").GetString()!)];
        Assert.Equal(3 * 2, memories.Count(memory => memory == "8M"));

        // All of 64G is measured on a smaller guest; less of it would take the real 64G.
        Assert.Equal(2, memories.Count(memory => memory == "64G"));
        Assert.Equal(2 * 2, document.RootElement.GetProperty("left_out").GetArrayLength());
    }

    [Theory]
    [InlineData("total", "guest and harvest, ns a dirty page", 4)]
    [InlineData("memory", "memory of the log, KiB", 1)]
    public async Task The_chart_shows_what_is_asked_for(string kind, string axis, int panels)
    {
        string chart = _files.PathOf("chart.svg");
        CommandResult result = await CommandResult.OfAsync(
            "harvest", "--memory", "8M,16M", "--dirty", "0,100", "--pattern", "random,runs", "--logs", "ring,bitmap", "--cell-time", "0ms", "--chart", chart, "--chart-of", kind);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var svg = XElement.Parse(await File.ReadAllTextAsync(chart, TestContext.Current.CancellationToken));
        Assert.Contains(svg.Elements(), element => element.Value == axis);

        // A line in the legend for each log, and one in each panel.
        Assert.Equal(2 + (panels * 2), svg.Elements().Count(element => element.Name.LocalName == "polyline"));
    }

    [Fact]
    public async Task The_default_is_the_whole_grid()
    {
        CommandResult help = await CommandResult.OfAsync("harvest", "--help");
        foreach (string option in (string[])["1G,64G,1T", "0,0.0001%,0.001%,0.01%,0.1%,1%,10%,50%,100%", "random|clustered|runs|all", "bitmap, ring, summary, adaptive, sim-kvm-get, sim-kvm-clear, sim-kvm-ring, get, get-clear"])
            Assert.Contains(option, help.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--memory", "5X", "not multiples of 4K from 4K to 1T")]
    [InlineData("--memory", "", "not multiples of 4K from 4K to 1T")]
    [InlineData("--memory", "1G,", "not multiples of 4K from 4K to 1T")]
    [InlineData("--memory", "0", "not multiples of 4K from 4K to 1T")]
    [InlineData("--memory", "1025G", "not multiples of 4K from 4K to 1T")]
    [InlineData("--memory", "2T", "not multiples of 4K from 4K to 1T")]
    [InlineData("--memory", "1G,18446744073709551616", "not multiples of 4K from 4K to 1T")]
    [InlineData("--memory", "99999999999999T", "not multiples of 4K from 4K to 1T")]
    [InlineData("--memory", "6000", "not multiples of 4K from 4K to 1T")]
    [InlineData("--dirty", "", "not parts from 0% to 100%, or numbers of pages")]
    [InlineData("--dirty", "1%,,2%", "not parts from 0% to 100%, or numbers of pages")]
    [InlineData("--dirty", "101%", "not parts from 0% to 100%, or numbers of pages")]
    [InlineData("--dirty", "-1%", "not parts from 0% to 100%, or numbers of pages")]
    [InlineData("--dirty", "much", "not parts from 0% to 100%, or numbers of pages")]
    [InlineData("--pattern", "", "choose some of random, clustered, runs, or all")]
    [InlineData("--pattern", "hot", "choose some of random, clustered, runs, or all")]
    [InlineData("--logs", "", "choose some of bitmap, ring, summary, adaptive, sim-kvm-get, sim-kvm-clear, sim-kvm-ring, get, get-clear, kvm-ring, kvm-bitmap, kvm-manual, kvm-initially-set, kvm-adaptive, host, or all")]
    [InlineData("--logs", "ring,pml", "choose some of bitmap, ring, summary, adaptive, sim-kvm-get, sim-kvm-clear, sim-kvm-ring, get, get-clear, kvm-ring, kvm-bitmap, kvm-manual, kvm-initially-set, kvm-adaptive, host, or all")]
    [InlineData("--mmu", "radix", "choose one of flat, hash, stage2, tdp, tdp-pml")]
    [InlineData("--vcpus", "0", "not a number from 1 to 64")]
    [InlineData("--vcpus", "65", "not a number from 1 to 64")]
    [InlineData("--ring-entries", "128", "not a power of two from 256 to 65536")]
    [InlineData("--ring-entries", "1000", "not a power of two from 256 to 65536")]
    [InlineData("--stores", "0", "not a number from 1 to 2147483647")]
    [InlineData("--stores", "1.5", "not a number from 1 to 2147483647")]
    [InlineData("--cell-time", "5", "not a time from 0ms to 1m")]
    [InlineData("--cell-time", "61s", "not a time from 0ms to 1m")]
    public async Task An_option_out_of_its_range_is_refused_with_the_range(string option, string value, string range) =>
        (await CommandResult.OfAsync("harvest", option, value)).AssertRefused($"{option} {value}: {range}");

    [Theory]
    [InlineData("harvest --mmu hash --logs ring", "--logs ring: choose some of walk, sweep, chooser, faults, shadow, or all")]
    [InlineData("harvest --mmu tdp-pml --ring-entries 512", "--ring-entries 512: not a power of two from 1024 to 65536")]
    [InlineData("harvest --chart-of total", "--chart-of: only with --chart")]
    [InlineData("harvest --chart-of guest --chart a.svg", "--chart-of guest: choose one of harvest, total, memory")]
    [InlineData("harvest --interval 5", "--interval: only with --trace")]
    [InlineData("harvest --trace a --interval 0", "--interval 0: not numbers of stores from 1 to 2147483647")]
    [InlineData("harvest --trace a --interval 5,,6", "--interval 5,,6: not numbers of stores from 1 to 2147483647")]
    [InlineData("harvest --trace a --dirty 5", "--dirty: not with --trace, which says what is stored to")]
    [InlineData("harvest --trace a --pattern runs", "--pattern: not with --trace, which says what is stored to")]
    [InlineData("harvest --trace a --stores 5", "--stores: not with --trace, which says what is stored to")]
    [InlineData("harvest --trace /no/such/file", "/no/such/file: no such file")]
    [InlineData("harvest --vcpus 1 --vcpus 2", "--vcpus 1,2: not a number from 1 to 64")]
    [InlineData("harvest --memory 1M --dirty 257,1000", "--dirty: no cell can be measured; 1M, 257, random: the guest has 256 pages")]
    [InlineData("harvest --mmu hash --memory 1T --dirty 5", "--memory: no cell can be measured; 1T, 5, random: the hash page table and what is beside it would take 22G")]
    [InlineData("harvest x", "Unrecognized command or argument 'x'")]
    public async Task What_cannot_be_measured_is_refused(string line, string problem) =>
        (await CommandResult.OfAsync(line.Split(' '))).AssertRefused(problem);

    [Theory]
    [InlineData("--csv")]
    [InlineData("--chart")]
    public async Task A_file_that_cannot_be_written_is_refused_before_anything_is_measured(string option)
    {
        string path = _files.PathOf("missing/file");
        (await CommandResult.OfAsync("harvest", option, path)).AssertRefused($"{option} {path}: cannot be written: ");
        path = Path.GetTempPath();
        (await CommandResult.OfAsync("harvest", option, path)).AssertRefused($"{option} {path}: cannot be written: ");
    }

    [Fact]
    public async Task What_is_left_out_is_said_and_an_earlier_file_is_kept_where_nothing_is_measured()
    {
        CommandResult result = await CommandResult.OfAsync("harvest", "--memory", "1M,8M", "--dirty", "300", "--logs", "ring,bitmap", "--pattern", "random,runs", "--cell-time", "0ms");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Left out: 1M, 300 random, runs: the guest has 256 pages.", result.Output, StringComparison.Ordinal);

        string csv = _files.PathOf("cells.csv"), chart = _files.PathOf("chart.svg");
        await File.WriteAllTextAsync(csv, "earlier", TestContext.Current.CancellationToken);
        (await CommandResult.OfAsync("harvest", "--memory", "1M", "--dirty", "300", "--csv", csv, "--chart", chart)).AssertRefused("--dirty: no cell");
        Assert.Equal("earlier", await File.ReadAllTextAsync(csv, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(chart));
    }

    // Whoever reads a pipe has each table when it is complete, not when all is over.
    [Fact]
    public async Task Each_table_is_there_as_soon_as_its_cells_are_measured()
    {
        using var output = new FlushedWriter();
        Assert.Equal(0, await RingKitCommand.RunAsync(Small, output, TextWriter.Null));
        string[] flushed = [.. output.Flushed];
        Assert.Equal([0, 1, 2, 3, 4], flushed.Take(5).Select(text => text.Split('\n').Count(line => line.Contains(" pages ", StringComparison.Ordinal) && line.TrimEnd().EndsWith("summary", StringComparison.Ordinal))));
        Assert.All(flushed.Take(5), text => Assert.DoesNotContain("All 3 logs", text, StringComparison.Ordinal));
        Assert.StartsWith("Guests with one vCPU", flushed[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_closes_ends_it()
    {
        using var output = new FlushedWriter { Most = 2 };
        using var error = new StringWriter();
        Assert.Equal(2, await RingKitCommand.RunAsync(Small, output, error));
        Assert.Equal(2, output.Flushed.Count);
        Assert.Equal("ringkit: cannot write to standard output: nobody reads", error.ToString().TrimEnd());
    }

    [Fact]
    public async Task Ctrl_c_ends_it_and_leaves_no_files()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("there is no SIGINT on Windows");

        string csv = _files.PathOf("cells.csv"), chart = _files.PathOf("chart.svg");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<CommandResult> running = CommandResult.OfProcessAsync(StopWhenThereIs(chart), "harvest", "--memory", "64G", "--csv", csv, "--chart", chart);
        CommandResult result = await running.WaitAsync(TimeSpan.FromMinutes(1), cancellation);
        Assert.Equal(130, result.ExitCode);
        Assert.DoesNotContain("All 6 logs", result.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(csv) || File.Exists(chart));
    }

    public void Dispose() => _files.Dispose();

    /// <summary>Keeps what there is at each flush, and fails when there have been too many.</summary>
    private sealed class FlushedWriter : StringWriter
    {
        public int Most { get; init; } = int.MaxValue;

        public List<string> Flushed { get; } = [];

        public override void Flush()
        {
            if (Flushed.Count == Most)
                throw new IOException("nobody reads");
            Flushed.Add(ToString());
        }
    }

    private static string[] Keys(JsonElement element) => [.. element.EnumerateObject().Select(property => property.Name)];

    private static Func<Process, Task> StopWhenThereIs(string path) => async process =>
    {
        while (!File.Exists(path) && !process.HasExited)
            await Task.Delay(20);
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    };
}
