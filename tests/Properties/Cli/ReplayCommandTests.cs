using System.Globalization;
using System.Text.Json;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class ReplayCommandTests : IDisposable
{
    private static readonly string[] IntervalKeys =
    [
        "index", "stores", "dirty_pages", "faults", "invalidations", "harvest_us", "reset_calls", "entries", "entries_per_reset_call",
        "ring_full_exits", "bytes_touched",
    ];

    private readonly TraceFiles _files = new();

    [Fact]
    public async Task Json_is_one_object_of_the_documented_shape()
    {
        CommandResult result = await CommandResult.OfAsync("replay", TraceFiles.Ls, "--json", "--interval", "20000");
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(["trace", "mmu", "logs"], Keys(json.RootElement));
        Assert.Equal("flat", json.RootElement.GetProperty("mmu").GetString());

        JsonElement trace = json.RootElement.GetProperty("trace");
        Assert.Equal(["loads", "stores", "modifies", "instructions", "distinct_pages"], Keys(trace));
        Assert.Equal([163_119, 70_881, 2_521, 656_266, 45], trace.EnumerateObject().Select(property => property.Value.GetInt64()));

        JsonElement[] logs = [.. json.RootElement.GetProperty("logs").EnumerateArray()];
        Assert.Equal(["bitmap", "ring", "summary", "adaptive", "sim-kvm-get", "sim-kvm-clear", "sim-kvm-ring"], logs.Select(log => log.GetProperty("log").GetString()));
        foreach (JsonElement log in logs)
        {
            JsonElement[] intervals = [.. log.GetProperty("intervals").EnumerateArray()];
            Assert.Equal(4, intervals.Length);
            Assert.All(intervals, interval => Assert.Equal(IntervalKeys, Keys(interval)));
            Assert.Equal([0, 1, 2, 3], intervals.Select(interval => interval.GetProperty("index").GetInt64()));
            Assert.Equal([20_000, 20_000, 20_000, 13_402], intervals.Select(interval => interval.GetProperty("stores").GetInt64()));
            Assert.Equal(
                intervals.Sum(interval => interval.GetProperty("dirty_pages").GetInt64()),
                log.GetProperty("total").GetProperty("dirty_pages").GetInt64());
        }
    }

    // All but the time, which no two runs share.
    [Fact]
    public async Task The_tables_have_the_figures_of_the_json_object_and_of_the_csv_file()
    {
        string[] args = ["replay", TraceFiles.Ls, "--interval", "9000", "--csv", _files.PathOf("rows.csv")];
        CommandResult text = await CommandResult.OfAsync(args);
        CommandResult json = await CommandResult.OfAsync([.. args, "--json"]);
        string[] csv = await File.ReadAllLinesAsync(_files.PathOf("rows.csv"), TestContext.Current.CancellationToken);
        Assert.Equal(0, text.ExitCode);

        string[] lines = [.. text.Output.Split('\n').Select(line => line.TrimEnd())];
        Assert.Contains("656,266 instructions, 163,119 loads, 70,881 stores, 2,521 modifies; 45 distinct pages stored to", lines);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement[] logs = [.. document.RootElement.GetProperty("logs").EnumerateArray()];
        foreach ((int place, JsonElement log) in logs.Index())
        {
            string name = log.GetProperty("log").GetString()!;
            IEnumerable<string> section = lines.SkipWhile(line => line != name);
            string[] table = [.. section.SkipWhile(line => !line.Contains('─', StringComparison.Ordinal)).Skip(1)];
            JsonElement[] intervals = [.. log.GetProperty("intervals").EnumerateArray()];
            for (int i = 0; i < intervals.Length; i++)
            {
                Assert.Equal(Figures(intervals[i], i.ToString(CultureInfo.InvariantCulture)), Cells(table[i]));
                string[] row = csv[1 + (i * logs.Length) + place].Split(',');
                Assert.Equal([$"{i}", name], row[..2]);
                IEnumerable<string> steady = IntervalKeys.Skip(1).Where(IsSteady).Select(key => Exact(intervals[i], key));
                Assert.Equal(steady, row[2..].Where((_, column) => column != 4));
            }

            string total = table.First(line => line.Contains("total", StringComparison.Ordinal));
            Assert.Equal(Figures(log.GetProperty("total"), "total"), Cells(total));
        }

        Assert.Equal(["interval", "log", .. IntervalKeys.Skip(1)], csv[0].Split(','));
        Assert.Equal(1 + (logs.Length * 9), csv.Length);
    }

    [Fact]
    public async Task Redirected_output_is_plain_and_at_most_100_columns_wide()
    {
        CommandResult result = await CommandResult.OfAsync("replay", TraceFiles.Ls, "--interval", "100");
        Assert.DoesNotContain('\u001b', result.Output);
        string[] lines = result.Output.Replace(TraceFiles.Ls, "", StringComparison.Ordinal).Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task Many_intervals_are_folded_and_the_output_says_so()
    {
        CommandResult result = await CommandResult.OfAsync("replay", TraceFiles.Ls, "--interval", "100", "--log", "ring");
        Assert.Contains("; a bar is the mean of 19 intervals", result.Output, StringComparison.Ordinal);
        Assert.Contains("ring: a row is the sum of 19 intervals", result.Output, StringComparison.Ordinal);
        Assert.InRange(result.Output.Split('\n').Length, 80, 100);
    }

    [Fact]
    public async Task A_trace_without_stores_is_no_error()
    {
        string path = _files.Write("I  1000,4\n");
        CommandResult result = await CommandResult.OfAsync("replay", path);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("No stores", result.Output, StringComparison.Ordinal);
        CommandResult json = await CommandResult.OfAsync("replay", path, "--json");
        Assert.Contains("\"intervals\":[]", json.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("64M")]
    [InlineData("64m")]
    [InlineData("1G")]
    [InlineData("4096K")]
    [InlineData("4194304")]
    public async Task Memory_is_given_in_bytes_or_with_a_unit(string memory) =>
        Assert.Equal(0, (await CommandResult.OfAsync("replay", TraceFiles.Ls, "--memory", memory, "--log", "bitmap")).ExitCode);

    [Fact]
    public async Task Help_has_examples()
    {
        CommandResult help = await CommandResult.OfAsync("--help");
        Assert.Equal(0, help.ExitCode);
        Assert.Contains("ringkit replay data/traces/ls.lackey.gz", help.Output, StringComparison.Ordinal);
        help = await CommandResult.OfAsync("replay", "--help");
        Assert.Contains("ringkit replay trace.gz --log ring --ring-entries 256 --interval 10000", help.Output, StringComparison.Ordinal);
        Assert.Contains("a power of two from 256 to 65536", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_names_the_machine()
    {
        CommandResult text = await CommandResult.OfAsync("info");
        Assert.Equal(0, text.ExitCode);
        foreach (string name in (string[])["processor", "cores", "page size", "SIMD paths", "system", "runtime", "userfaultfd", "host log"])
            Assert.Contains(name, text.Output, StringComparison.Ordinal);

        using JsonDocument json = JsonDocument.Parse((await CommandResult.OfAsync("info", "--json")).Output);
        string[] keys = ["processor", "architecture", "cores", "page_size", "simd_paths", "operating_system", "runtime", "kernel"];
        Assert.Equal(keys, Keys(json.RootElement));
        Assert.Equal("scalar", json.RootElement.GetProperty("simd_paths").EnumerateArray().Last().GetString());
    }

    [Fact]
    public async Task The_process_prints_what_the_command_does()
    {
        CommandResult result = await CommandResult.OfProcessAsync("replay", TraceFiles.Ls, "--json");
        Assert.Equal(0, result.ExitCode);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(45, json.RootElement.GetProperty("logs")[1].GetProperty("intervals")[0].GetProperty("dirty_pages").GetInt32());
    }

    public void Dispose() => _files.Dispose();

    private static IEnumerable<string> Keys(JsonElement element) => element.EnumerateObject().Select(property => property.Name);

    private static bool IsSteady(string key) => key != "harvest_us";

    private static string Exact(JsonElement interval, string key) =>
        interval.GetProperty(key).GetDouble().ToString("0.###", CultureInfo.InvariantCulture);

    // As a table has them: no stores, no time.
    private static List<string> Figures(JsonElement interval, string label)
    {
        List<string> cells = [label];
        foreach (string key in IntervalKeys.Skip(2).Where(IsSteady))
        {
            string format = key == "entries_per_reset_call" ? "0.0" : "N0";
            cells.Add(interval.GetProperty(key).GetDouble().ToString(format, CultureInfo.InvariantCulture));
        }

        return cells;
    }

    private static List<string> Cells(string row)
    {
        List<string> cells = [.. row.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        cells.RemoveAt(4);
        return cells;
    }
}
