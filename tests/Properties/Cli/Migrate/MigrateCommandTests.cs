using System.Text.Json;
using RingKit.Cli.Machines;
using Xunit;

namespace RingKit.Properties.Cli.Migrate;

/// <summary>What <c>ringkit migrate</c> prints, with small guests that are migrated as fast as it goes.</summary>
public sealed class MigrateCommandTests : IDisposable
{
    private static readonly string[] Small = ["migrate", "--memory", "2M", "--warm-up", "20ms", "--bandwidth", "max", "--downtime", "50ms"];

    private readonly TraceFiles _files = new();

    public static TheoryData<string> Mmus { get; } = [.. MmuChoice.All.Select(mmu => mmu.Name)];

    [Theory]
    [MemberData(nameof(Mmus))]
    public async Task Every_log_over_every_page_table_gives_equal_memories(string mmu)
    {
        // Slow enough for vCPUs to be scheduled meanwhile: a round takes 30 ms.
        string[] slow = [.. Small.Select(word => word == "max" ? "70M" : word)];
        CommandResult result = await CommandResult.OfAsync([.. slow, "--mmu", mmu, "--log", "all", "--vcpus", "3", "--write-rate", "max", "--max-rounds", "4", "--json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.True(json.RootElement.GetProperty("memory_equal").GetBoolean());
        JsonElement[] logs = [.. json.RootElement.GetProperty("logs").EnumerateArray()];
        Assert.Equal(MmuChoice.All.Single(choice => choice.Name == mmu).Logs.Select(log => log.Name), logs.Select(log => log.GetProperty("log").GetString()));
        long sentAgain = 0;
        foreach (JsonElement log in logs)
        {
            Assert.True(log.GetProperty("memory_equal").GetBoolean());
            Assert.Equal((512, 0), (log.GetProperty("pages_compared").GetInt32(), log.GetProperty("different_pages").GetInt32()));
            Assert.Equal(JsonValueKind.Null, log.GetProperty("first_difference").ValueKind);

            JsonElement[] rounds = [.. log.GetProperty("rounds").EnumerateArray()];
            Assert.InRange(rounds.Length, 2, 6);
            Assert.Equal(512, rounds[0].GetProperty("pages_sent").GetInt32());
            Assert.Equal(rounds.Length - 1, Array.FindIndex(rounds, round => round.GetProperty("is_final").GetBoolean()));
            sentAgain += rounds.Skip(1).Sum(round => round.GetProperty("pages_sent").GetInt64());
            Assert.Equal(log.GetProperty("pages_sent").GetInt64(), rounds.Sum(round => round.GetProperty("pages_sent").GetInt64()));
            Assert.True(log.GetProperty("stores_per_second_before").GetDouble() > 0);
        }

        // The guests really wrote meanwhile. One of them may not have been scheduled, whatever else runs.
        Assert.True(sentAgain > 0);
    }

    [Theory]
    [InlineData("random", "tcp")]
    [InlineData("sequential", "pipe")]
    [InlineData("hot", "tcp")]
    public async Task Every_pattern_gives_equal_memories(string pattern, string via)
    {
        CommandResult result = await CommandResult.OfAsync([.. Small, "--pattern", pattern, "--via", via, "--write-rate", "50M", "--json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("\"memory_equal\": true", result.Output, StringComparison.Ordinal);
        Assert.Contains($"\"pattern\": \"{pattern}\"", result.Output, StringComparison.Ordinal);
        Assert.Contains($"\"via\": \"{via}\"", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_gives_equal_memories()
    {
        CommandResult result = await CommandResult.OfAsync([.. Small, "--trace", TraceFiles.Ls, "--write-rate", "max", "--log", "ring", "--max-rounds", "3", "--json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.True(json.RootElement.GetProperty("memory_equal").GetBoolean());
        Assert.Equal(TraceFiles.Ls, json.RootElement.GetProperty("trace").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("pattern").ValueKind);
        JsonElement[] rounds = [.. json.RootElement.GetProperty("logs")[0].GetProperty("rounds").EnumerateArray()];

        // The trace stores to 45 pages, and does so in less than a millisecond.
        Assert.All(rounds.Skip(1), round => Assert.InRange(round.GetProperty("pages_sent").GetInt32(), 1, 45));
    }

    [Fact]
    public async Task An_idle_guest_needs_one_round_and_none_while_it_stands_still()
    {
        CommandResult result = await CommandResult.OfAsync([.. Small, "--write-rate", "0", "--json"]);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement log = json.RootElement.GetProperty("logs")[0];
        Assert.Equal([512, 0], log.GetProperty("rounds").EnumerateArray().Select(round => round.GetProperty("pages_sent").GetInt64()));
        Assert.Equal(0, log.GetProperty("stores_per_second_before").GetDouble());
        Assert.True(log.GetProperty("converged").GetBoolean());
    }

    [Fact]
    public async Task A_file_takes_the_stream_and_stays()
    {
        string path = _files.PathOf("guest.stream");
        await File.WriteAllBytesAsync(path, new byte[10_000_000], TestContext.Current.CancellationToken);
        CommandResult result = await CommandResult.OfAsync([.. Small, "--via", path, "--json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.True(json.RootElement.GetProperty("memory_equal").GetBoolean());
        Assert.Equal(new FileInfo(path).Length, json.RootElement.GetProperty("logs")[0].GetProperty("bytes_sent").GetInt64());
    }

    [Theory]
    [InlineData("auto-converge")]
    [InlineData("quota")]
    public async Task A_guest_that_writes_faster_than_it_is_sent_is_held_back(string throttle)
    {
        CommandResult result = await CommandResult.OfAsync(
            "migrate", "--memory", "6M", "--warm-up", "0ms", "--bandwidth", "20M", "--write-rate", "100M", "--downtime", "1ms", "--max-rounds", "5",
            "--throttle", throttle, "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.True(json.RootElement.GetProperty("memory_equal").GetBoolean());
        JsonElement log = json.RootElement.GetProperty("logs")[0];
        int[] levels = [.. log.GetProperty("rounds").EnumerateArray().Select(round => round.GetProperty("throttle_percent").GetInt32())];
        Assert.Equal(0, levels[0]);
        Assert.InRange(levels[^1], 20, 99);
        Assert.True(log.GetProperty("vcpu_stall").GetProperty("throttle_ms").GetDouble() > 0);
    }

    [Fact]
    public async Task Json_is_one_object_of_the_documented_shape()
    {
        CommandResult result = await CommandResult.OfAsync([.. Small, "--json"]);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(
            [
                "mmu", "memory_bytes", "vcpus", "write_rate", "pattern", "trace", "bandwidth", "downtime_limit_ms", "throttle", "via", "memory_equal", "logs",
            ],
            Keys(json.RootElement));
        Assert.Equal(("flat", 2 << 20, 2, 100 << 20, 50.0), (
            json.RootElement.GetProperty("mmu").GetString(),
            json.RootElement.GetProperty("memory_bytes").GetInt32(),
            json.RootElement.GetProperty("vcpus").GetInt32(),
            json.RootElement.GetProperty("write_rate").GetInt32(),
            json.RootElement.GetProperty("downtime_limit_ms").GetDouble()));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("bandwidth").ValueKind);

        JsonElement log = Assert.Single(json.RootElement.GetProperty("logs").EnumerateArray());
        Assert.Equal("bitmap", log.GetProperty("log").GetString());
        Assert.Equal(
            [
                "log", "memory_equal", "converged", "pages_compared", "different_pages", "first_difference", "duration_ms", "downtime_ms", "pages_sent",
                "zero_pages", "bytes_sent", "abandoned_stops", "full_rings", "stores_per_second_before", "stores_per_second_after_first_round",
                "vcpu_stall", "log_cost", "rounds",
            ],
            Keys(log));
        Assert.Equal(["total_ms", "faults_ms", "entry_waits_ms", "invalidations_ms", "full_rings_ms", "throttle_ms"], Keys(log.GetProperty("vcpu_stall")));
        Assert.Equal(["faults", "harvests", "harvest_ms", "entries", "invalidations", "bytes_touched"], Keys(log.GetProperty("log_cost")));
        Assert.All(log.GetProperty("rounds").EnumerateArray(), round => Assert.Equal(
            [
                "number", "is_final", "pages_sent", "zero_pages", "bytes_sent", "duration_ms", "dirty_pages", "dirty_bytes_per_second",
                "bandwidth_bytes_per_second", "estimated_downtime_ms", "vcpu_stall_ms", "stores_per_second", "throttle_percent",
            ],
            Keys(round)));
    }

    [Fact]
    public async Task The_text_has_a_table_of_rounds_and_a_verdict()
    {
        CommandResult result = await CommandResult.OfAsync(Small);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] lines = [.. result.Output.Split('\n').Select(line => line.Trim())];
        Assert.Equal("2M of guest memory, flat page table, 2 vCPUs: random stores at 100M/s", lines[0]);
        Assert.Equal("bandwidth no limit, downtime at most 50ms, via tcp", lines[1]);
        Assert.Contains("bitmap", lines);
        string[][] rows = [.. lines.SkipWhile(line => !line.Contains('─', StringComparison.Ordinal)).Skip(1).TakeWhile(line => line.Length > 0).Select(Cells)];
        Assert.Equal(["1", "512", "2.0"], rows[0][..3]);
        Assert.Equal("last", rows[^1][0]);
        Assert.All(rows, row => Assert.Equal(10, row.Length));
        Assert.Equal("memory equal: yes", lines[^2]);
        AssertPlain(result.Output);
    }

    [Fact]
    public async Task The_text_has_the_logs_side_by_side()
    {
        CommandResult result = await CommandResult.OfAsync([.. Small, "--mmu", "hash", "--log", "all", "--write-rate", "0"]);
        string[] lines = [.. result.Output.Split('\n').Select(line => line.Trim())];
        string[] names = [.. MmuChoice.Hash.Logs.Select(log => log.Name)];
        Assert.Equal("2M of guest memory, hash page table, 2 vCPUs: idle", lines[0]);
        Assert.Equal(names.Length, lines.Count(line => line == "memory equal: yes"));
        Assert.All(names, name => Assert.Contains(lines, line => line.StartsWith($"{name} ", StringComparison.Ordinal) && line.EndsWith(" yes", StringComparison.Ordinal)));
        Assert.Equal($"memory equal: yes, with {names.Length} logs", lines[^2]);
        AssertPlain(result.Output);
    }

    [Fact]
    public async Task Help_has_ranges_and_examples()
    {
        CommandResult help = await CommandResult.OfAsync("migrate", "--help");
        Assert.Equal(0, help.ExitCode);
        foreach (string text in (string[])
            [
                "ringkit migrate --mmu hash --log sweep --pattern sequential --json", "A rate counts bytes a second (100M), or pages a second (25600p)",
                "--write-rate 0 is a guest that idles; a bandwidth of 0 is refused", "[default: 256M]", "[default: 300ms]", "[default: the first]",
            ])
        {
            Assert.Contains(text, help.Output, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _files.Dispose();

    private static void AssertPlain(string output)
    {
        Assert.DoesNotContain('\u001b', output);
        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    private static string[] Cells(string row) => row.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Keys(JsonElement element) => element.EnumerateObject().Select(property => property.Name);
}
