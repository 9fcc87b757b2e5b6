using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using RingKit.Cli.Machines;
using RingKit.Cli.RealGuests;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Kvm.DirtyLogging;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>Traces on real guests, where there is a KVM: each log of the kernel's has the pages that the trace stores to, and no others.</summary>
[Collection(RunAlone.Name)]
public sealed class RealReplayTests : IDisposable
{
    // The fewest entries that every processor's ring may have, one that logs by itself included.
    private const int FewEntries = 1024;

    private readonly TraceFiles _files = new();

    public void Dispose() => _files.Dispose();

    // By the bitmap alone, whose guest needs no time between two stores: 73,402 of them.
    [Theory]
    [InlineData(100_000, 45)]
    [InlineData(997, 562)]
    public async Task The_trace_of_ls_has_the_simulated_guests_pages(int interval, int total)
    {
        Need();
        string csv = _files.PathOf("intervals.csv");
        JsonElement simulated = await Replay(TraceFiles.Ls, interval, "--log", "bitmap");
        JsonElement real = await Replay(TraceFiles.Ls, interval, "--mmu", "kvm", "--log", "kvm-bitmap", "--csv", csv);
        Assert.Equal("kvm", real.GetProperty("mmu").GetString());
        Assert.Equal(simulated.GetProperty("trace").GetRawText(), real.GetProperty("trace").GetRawText());
        JsonElement log = Assert.Single(real.GetProperty("logs").EnumerateArray());
        Assert.Equal("kvm-bitmap", log.GetProperty("log").GetString());
        Assert.Equal(DirtyPages(simulated.GetProperty("logs")[0]), DirtyPages(log));
        Assert.Equal(total, log.GetProperty("total").GetProperty("dirty_pages").GetInt32());
        Assert.Equal(1 + DirtyPages(log).Length, File.ReadAllLines(csv).Length);
    }

    [Fact]
    public async Task A_ring_that_fills_up_within_an_interval_is_harvested_and_loses_nothing()
    {
        Need();
        string trace = _files.Write(string.Concat(Enumerable.Range(0, 2500).Select(page => string.Create(CultureInfo.InvariantCulture, $" S {page * 4096L:x},8\n"))));
        JsonElement report = await Replay(trace, 2500, "--mmu", "kvm", "--log", "kvm-ring", "--memory", "16M");
        JsonElement interval = Assert.Single(report.GetProperty("logs").EnumerateArray()).GetProperty("intervals")[0];
        Assert.Equal(2500, interval.GetProperty("dirty_pages").GetInt32());
        Assert.InRange(interval.GetProperty("ring_full_exits").GetInt32(), 2, 100);
    }

    [Fact]
    public void Random_traces_give_the_pages_of_the_model()
    {
        Need();
        Gen<string> line =
            from kind in Gen.Frequency((1, Gen.Constant("I ")), (1, Gen.Constant(" L")), (5, Gen.Constant(" S")), (2, Gen.Constant(" M")))
            from region in Gen.Elements<ulong>(0, 0x400000, 0xfffffffffff00000)
            from offset in Gen.Choose(0, 100 * 4096)
            from size in Gen.Elements(1, 8, 100, 4096)
            select string.Create(CultureInfo.InvariantCulture, $"{kind} {region + (ulong)offset:x},{size}\n");
        Gen<(string Text, int Interval)> traces = Gen.Choose(0, 400).SelectMany(count => line.ArrayOf(count)).SelectMany(lines => Gen.Choose(1, 300).Select(interval => (Text: string.Concat(lines), Interval: interval)));
        Props.Check(Prop.ForAll(traces.ToArbitrary(), trace => HasTheModelsPages(trace.Text, trace.Interval)), nameof(Random_traces_give_the_pages_of_the_model), maxTest: 12);
    }

    [Fact]
    public async Task Without_a_device_there_is_one_line_and_no_file()
    {
        string? before = Environment.GetEnvironmentVariable(KvmPath.Variable);
        Environment.SetEnvironmentVariable(KvmPath.Variable, "/nowhere/kvm");
        string csv = _files.PathOf("none.csv");
        try
        {
            (await CommandResult.OfAsync("replay", TraceFiles.Ls, "--mmu", "kvm", "--csv", csv)).AssertRefused("no real guest can run here: ");
        }
        finally
        {
            Environment.SetEnvironmentVariable(KvmPath.Variable, before);
        }

        Assert.False(File.Exists(csv));
    }

    [Fact]
    public async Task What_cannot_be_read_or_held_ends_a_real_replay_with_one_line()
    {
        Need();
        string trace = _files.Write(" S 1000,8\n S 2000,8\nnonsense\n");
        (await CommandResult.OfAsync("replay", trace, "--mmu", "kvm")).AssertRefused($"{trace}:3: ");
        trace = _files.Write(" S 1000,8\n S 2000,8\n");
        (await CommandResult.OfAsync("replay", trace, "--mmu", "kvm", "--memory", "4K")).AssertRefused($"{trace}:2: the trace touches more pages than --memory holds");
    }

    private static bool HasTheModelsPages(string text, int interval)
    {
        var model = NaiveReplay.OfText(text, interval);
        using var trace = new MemoryStream(Encoding.Latin1.GetBytes(text));
        var reported = new Dictionary<string, List<HashSet<ulong>>>(StringComparer.Ordinal);
        FrameMap? frames = null;
        var settings = new ReplaySettings { Mmu = MmuChoice.Kvm, Logs = LogChoice.Real, Interval = interval, Memory = 4 << 20, RingEntries = FewEntries };
        using var replay = new TraceReplay(settings) { Harvested = Note };
        frames = replay.Frames;
        ReplayReport report = replay.Run(new LackeyReader(trace, "trace"), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(LogChoice.Real.Select(log => log.Name), report.Logs.Select(log => log.Log));
        Assert.All(report.Logs, log => Assert.Equal(model.Intervals.Count, log.Intervals.Length));
        Assert.All(reported.Values, log => Assert.All(log.Zip(model.Intervals), pair => Assert.Equal(pair.Second.Order(), pair.First.Order())));
        return true;

        void Note(ReplayMachine machine)
        {
            var pages = new HashSet<ulong>();
            for (ulong gfn = 0; frames!.PageOf(gfn) is { } page; gfn++)
            {
                if (machine.DirtyPages.Contains(gfn))
                    pages.Add(page);
            }

            if (!reported.TryGetValue(machine.LogName, out List<HashSet<ulong>>? intervals))
                reported.Add(machine.LogName, intervals = []);
            intervals.Add(pages);
        }
    }

    private static async Task<JsonElement> Replay(string trace, int interval, params string[] options)
    {
        CommandResult result = await CommandResult.OfAsync(["replay", trace, "--interval", $"{interval}", "--ring-entries", $"{FewEntries}", .. options, "--json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static int[] DirtyPages(JsonElement log) => [.. log.GetProperty("intervals").EnumerateArray().Select(interval => interval.GetProperty("dirty_pages").GetInt32())];

    private static void Need()
    {
        if (Enum.GetValues<KvmLogForm>().Select(form => KvmGuest.WhyNot(form, KvmPath.Current)).FirstOrDefault(missing => missing is not null) is not { } missing)
            return;
        Report.Line($"A test of a replay on a real guest is skipped: {missing}.");
        Assert.Skip(missing);
    }
}
