using System.Globalization;
using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Mmu.DirtyLogging;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class ReplayTests
{
    private const string SortTraceVariable = "RINGKIT_TRACE";

    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(73_402, 1)]
    [InlineData(73_401, 2)]
    [InlineData(20_000, 4)]
    [InlineData(997, 74)]
    [InlineData(50, 1469)]
    public void The_trace_of_ls_gives_the_pages_and_bytes_of_the_model(int interval, int intervals)
    {
        var model = NaiveReplay.OfGzip(TraceFiles.Ls, interval);
        using var trace = new GZipStream(File.OpenRead(TraceFiles.Ls), CompressionMode.Decompress);
        var settings = new ReplaySettings { Interval = interval, RingEntries = 256, Memory = 2 << 20 };
        ReplayReport report = ReplayCheck.Run(trace, model, settings);

        var totals = new TraceTotals(Instructions: 656_266, Loads: 163_119, Stores: 70_881, Modifies: 2_521, DistinctPages: 45);
        Assert.Equal(totals, report.Trace);
        Assert.Equal(["bitmap", "ring", "summary", "adaptive", "sim-kvm-get", "sim-kvm-clear", "sim-kvm-ring"], report.Logs.Select(log => log.Log));
        Assert.All(report.Logs, log => Assert.Equal(intervals, log.Intervals.Length));
        Assert.All(report.Logs, log => Assert.Equal((ulong)intervals, log.Total.Invalidations));
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(997)]
    public void A_hashed_page_table_gives_the_same_pages_and_bytes(int interval)
    {
        var model = NaiveReplay.OfGzip(TraceFiles.Ls, interval);
        using var trace = new GZipStream(File.OpenRead(TraceFiles.Ls), CompressionMode.Decompress);
        var settings = new ReplaySettings { Interval = interval, Memory = 2 << 20, Mmu = MmuChoice.Hash, Logs = MmuChoice.Hash.Logs };
        ReplayReport report = ReplayCheck.Run(trace, model, settings);
        Assert.Equal(["walk", "sweep", "chooser", "faults", "shadow"], report.Logs.Select(log => log.Log));
    }

    [Fact]
    public void The_trace_of_sort_gives_its_known_pages()
    {
        string? path = Environment.GetEnvironmentVariable(SortTraceVariable);
        if (string.IsNullOrEmpty(path))
        {
            Assert.Skip($"{SortTraceVariable} is unset: it names a trace of `sort -n`, 8,662,084 stores, that is too large for the repository.");
        }

        using TraceFile trace = TraceFile.Open(path);
        using var replay = new TraceReplay(new ReplaySettings());
        ReplayReport report = replay.Run(trace.Reader, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(new TraceTotals(Instructions: 0, Loads: 0, Stores: 8_662_084, Modifies: 117_864, DistinctPages: 296), report.Trace);
        foreach (LogReport log in report.Logs)
        {
            Assert.Equal(88, log.Intervals.Length);
            IEnumerable<long> pages = log.Intervals.Take(12).Select(interval => interval.DirtyPages);
            Assert.Equal([129, 104, 13, 18, 18, 18, 14, 13, 25, 26, 15, 15], pages);
            Assert.Equal(2331, log.Total.DirtyPages);
        }
    }

    // More than 192 pages, the soft limit of a ring of 256, go dirty in an interval.
    [Fact]
    public void A_ring_that_fills_up_within_an_interval_is_harvested_and_loses_nothing()
    {
        var text = new StringBuilder();
        for (int i = 0; i < 3000; i++)
            text.Append(CultureInfo.InvariantCulture, $" S {i * 7 % 1000 * 4096 + i:x},16\n");

        ReplayReport report = Check(text.ToString(), interval: 1000);
        Assert.Equal(0, report.Logs[0].Total.RingFullExits);
        Assert.All(report.Logs[1].Intervals, interval => Assert.Equal(5, interval.RingFullExits));
        Assert.All(report.Logs, log => Assert.Equal(3000, log.Total.DirtyPages));
    }

    [Fact]
    public void A_store_that_crosses_pages_dirties_both_wherever_their_frames_are()
    {
        // The second page gets a frame long before the first, and not the next one.
        ReplayReport report = Check(" L 2000,8\nI  9000,4\n S 1ffd,8\n M 8ff0,4096\n S 1fff,1\n S 5001,4096\n", interval: 1);
        Assert.Equal([2, 2, 1, 2], report.Logs[0].Intervals.Select(interval => interval.DirtyPages));
    }

    [Fact]
    public void A_trace_without_stores_has_no_interval()
    {
        ReplayReport report = Check("==1== x\n L 2000,8\nI  9000,4\n", interval: 1);
        Assert.All(report.Logs, log => Assert.Empty(log.Intervals));
        Assert.All(report.Logs, log => Assert.Equal(default, log.Total));
    }

    [Fact]
    public void Random_traces_give_the_pages_and_bytes_of_the_model()
    {
        // Pages of a few regions and all kinds; sizes that cross; rings that fill up.
        Gen<string> line =
            from kind in Gen.Frequency((1, Gen.Constant("I ")), (1, Gen.Constant(" L")), (5, Gen.Constant(" S")), (2, Gen.Constant(" M")))
            from region in Gen.Elements<ulong>(0, 0x400000, 0x7ff000000, 0xfffffffffff00000)
            from offset in Gen.Choose(0, 254 * 4096)
            from size in Gen.Frequency((6, Gen.Elements(1, 2, 4, 8, 16)), (1, Gen.Choose(1, 4096)))
            select string.Create(CultureInfo.InvariantCulture, $"{kind} {region + (ulong)offset:x},{size}\n");
        Arbitrary<(string Text, int Interval)> arb = Gen.Choose(0, 1500)
            .SelectMany(count => line.ArrayOf(count))
            .SelectMany(lines => Gen.Choose(1, 900).Select(interval => (string.Concat(lines), interval)))
            .ToArbitrary();
        Prop.ForAll(arb, input => Check(input.Text, input.Interval) is not null)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(40).WithQuietOnSuccess(true));
    }

    [Fact]
    public void More_pages_than_memory_name_the_line_and_the_option()
    {
        using var trace = new MemoryStream("I  0,4\n L 1000,8\n==1== x\n S 1ffc,8\n"u8.ToArray());
        using var replay = new TraceReplay(new ReplaySettings { Memory = 8192 });
        TraceException e = Assert.Throws<TraceException>(() => Run(replay, trace));
        Assert.StartsWith("trace:4: the trace touches more pages than --memory holds (2 of 4 KiB)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_misses_a_page_or_invents_one_is_found_out()
    {
        const string Misses = "the lying log misses a page that the trace stored to";
        const string Invents = "the lying log has a page that the trace did not store to";
        LogsDisagreeException e = Assert.Throws<LogsDisagreeException>(() => RunWith(mask => mask & ~4UL));
        Assert.Equal($"trace: interval 1: {Misses}: guest frame 2, address 0x7000", e.Message);
        e = Assert.Throws<LogsDisagreeException>(() => RunWith(mask => mask | 1));
        Assert.Equal($"trace: interval 0: {Invents}: guest frame 0, address 0x3000", e.Message);
        e = Assert.Throws<LogsDisagreeException>(() => RunWith(mask => mask | 8));
        Assert.Equal($"trace: interval 0: {Invents}: guest frame 3, never touched", e.Message);

        static void RunWith(Func<ulong, ulong> lie)
        {
            var settings = new ReplaySettings
            {
                Interval = 1,
                Logs = [LogChoice.Flat[0], new LogChoice("lying", LogChoice.FlatMachine, (machine, _) => new LyingLog(new BitmapDirtyLog(machine), lie))],
            };
            using var trace = new MemoryStream(" L 3000,4\n S 5000,4\n S 7000,4\n"u8.ToArray());
            using var replay = new TraceReplay(settings);
            Run(replay, trace);
        }
    }

    [Fact]
    public void A_replay_allocates_nothing_an_access()
    {
        AllocatedBy(1000);
        // Not exactly 0: a collection on behalf of another thread makes this one's counter jump by what its allocation context had left.
        Assert.InRange(AllocatedBy(300_000) - AllocatedBy(1000), -50_000, 50_000);

        static long AllocatedBy(int lines)
        {
            const string FourLines = " S 1fff000618,8\n M 401ffe,4\n L 402000,16\nI  0401ab70,3\n";
            byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(FourLines, lines / 4)));
            using var replay = new TraceReplay(new ReplaySettings { Interval = long.MaxValue });
            var reader = new LackeyReader(new MemoryStream(text), "trace");
            long before = GC.GetAllocatedBytesForCurrentThread();
            replay.Run(reader, cancellation: CancellationToken.None);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void A_cancelled_replay_stops()
    {
        using var trace = new MemoryStream("I  0,4\n"u8.ToArray());
        using var replay = new TraceReplay(new ReplaySettings());
        Assert.Throws<OperationCanceledException>(() => Run(replay, trace, cancelled: true));
    }

    private static ReplayReport Run(TraceReplay replay, Stream trace, bool cancelled = false) =>
        replay.Run(new LackeyReader(trace, "trace"), cancellation: new CancellationToken(cancelled));

    private static ReplayReport Check(string text, long interval)
    {
        using var trace = new MemoryStream(Encoding.ASCII.GetBytes(text));
        return ReplayCheck.Run(trace, NaiveReplay.OfText(text, interval), new ReplaySettings { Interval = interval, RingEntries = 256 });
    }
}
