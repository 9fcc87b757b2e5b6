using RingKit.Cli.Commands;
using RingKit.Cli.Migrate;
using Xunit;

namespace RingKit.Properties.Cli.Migrate;

public sealed class MigrateBadInputTests : IDisposable
{
    private const string Rate = "or max: bytes a second (100M), or pages a second (25600p)";
    private const string Time = "(500us, 300ms, 2s, 1m)";

    private readonly TraceFiles _files = new();

    [Theory]
    [InlineData("--memory", "0", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "5000", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "2T", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "99999999999999T", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "1T", "source and destination need twice that, and this machine has ")]
    [InlineData("--vcpus", "0", "not a number from 1 to 64")]
    [InlineData("--vcpus", "65", "not a number from 1 to 64")]
    [InlineData("--vcpus", "two", "not a number from 1 to 64")]
    [InlineData("--write-rate", "-1", "not a rate from 0 to 1T, " + Rate)]
    [InlineData("--write-rate", "fast", "not a rate from 0 to 1T, " + Rate)]
    [InlineData("--write-rate", "2T", "not a rate from 0 to 1T, " + Rate)]
    [InlineData("--write-rate", "18446744073709551615p", "not a rate from 0 to 1T, " + Rate)]
    [InlineData("--bandwidth", "0", "not a rate from 64K to 1T, " + Rate)]
    [InlineData("--bandwidth", "15p", "not a rate from 64K to 1T, " + Rate)]
    [InlineData("--bandwidth", "", "not a rate from 64K to 1T, " + Rate)]
    [InlineData("--bandwidth", "99999999999T", "not a rate from 64K to 1T, " + Rate)]
    [InlineData("--downtime", "0ms", "not a time from 1ms to 60m " + Time)]
    [InlineData("--downtime", "300", "not a time from 1ms to 60m " + Time)]
    [InlineData("--downtime", "2000m", "not a time from 1ms to 60m " + Time)]
    [InlineData("--warm-up", "1h", "not a time from 0ms to 10m " + Time)]
    [InlineData("--max-rounds", "0", "not a number from 1 to 1000")]
    [InlineData("--seed", "-1", "not a number from 0 to 18446744073709551615")]
    [InlineData("--pattern", "zigzag", "choose one of random, sequential, hot")]
    [InlineData("--throttle", "brake", "choose one of none, auto-converge, quota")]
    [InlineData("--log", "pml", "choose one of bitmap, ring, ")]
    [InlineData("--mmu", "radix", "choose one of flat, hash, stage2, tdp, tdp-pml")]
    [InlineData("--ring-entries", "100", "not a power of two from 256 to 65536")]
    public async Task An_option_out_of_its_range_is_refused_with_the_range(string option, string value, string range) =>
        (await CommandResult.OfAsync("migrate", option, value)).AssertRefused($"{option} {value}: {range}");

    [Theory]
    [InlineData("--bandwidth 1M --bandwidth 2M", "Option '--bandwidth' expects a single argument but 2 were provided")]
    [InlineData("--pattern hot --pattern hot", "--pattern hot hot: choose one of")]
    [InlineData("--via tcp --via pipe", "--via tcp pipe: given twice")]
    [InlineData("--mmu hash --log ring", "--log ring: choose one of walk, sweep, chooser, faults, shadow, all")]
    [InlineData("--mmu hash --throttle quota", "--throttle quota: not with --mmu hash")]
    [InlineData("--huge-pages", "--huge-pages: only with --mmu stage2, tdp or tdp-pml")]
    [InlineData("--pattern hot --trace x", "--pattern: not with --trace, which says where the stores go")]
    [InlineData("--via x --log all", "--via x: a file takes one migration; choose one --log")]
    [InlineData("--frob", "Unrecognized command or argument '--frob'")]
    [InlineData("x", "Unrecognized command or argument 'x'")]
    public async Task Options_that_do_not_go_together_are_refused(string options, string problem) =>
        (await CommandResult.OfAsync(["migrate", .. options.Split(' ')])).AssertRefused(problem);

    [Fact]
    public async Task A_file_that_cannot_take_the_stream_is_refused()
    {
        string path = _files.PathOf("missing/guest.stream");
        (await Migrate("--via", path)).AssertRefused($"--via {path}: cannot be written: ");
        path = Path.GetTempPath();
        (await Migrate("--via", path)).AssertRefused($"--via {path}: cannot be written: ");
        (await Migrate("--via", "")).AssertRefused("--via: the name is empty: tcp, pipe or a FILE");
    }

    [Fact]
    public async Task A_file_that_runs_full_or_keeps_nothing_is_named()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no device here that is always full");
        (await Migrate("--via", "/dev/full")).AssertRefused("--via /dev/full: the migration with the bitmap log failed: No space left on device");
        (await Migrate("--via", "/dev/null")).AssertRefused("--via /dev/null: the migration with the bitmap log failed: Byte 0: the stream ends");
        Assert.Equal([0L, 0L], [new FileInfo("/dev/full").Length, new FileInfo("/dev/null").Length]);
        Assert.DoesNotContain(Directory.GetFileSystemEntries("/dev"), entry => entry.StartsWith("/dev/full.", StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.GetFileSystemEntries("/dev"), entry => entry.StartsWith("/dev/null.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trace_that_cannot_be_used_is_refused()
    {
        string missing = _files.PathOf("missing"), bad = _files.Write(" S 1000,8\nbad\n"), loads = _files.Write(" L 1000,8\n"), wide = _files.Write(" S 0,8\n S 1000,8\n");
        (await Migrate("--trace", missing)).AssertRefused($"{missing}: no such file");
        (await Migrate("--trace", bad)).AssertRefused($"{bad}:2: not a line of a lackey trace: 'bad'");
        (await Migrate("--trace", loads)).AssertRefused($"{loads}:1: the trace ends without a store");
        (await Migrate("--trace", wide, "--memory", "4K")).AssertRefused($"{wide}:2: the trace touches more pages than --memory holds");
    }

    [Fact]
    public void Memory_for_two_guests_must_be_there()
    {
        const ulong Gigabyte = 1UL << 30;
        GuestMigration.CheckMemory(4 * Gigabyte, 9 * Gigabyte);
        CommandException e = Assert.Throws<CommandException>(() => GuestMigration.CheckMemory(4 * Gigabyte, 8 * Gigabyte));
        Assert.Equal("--memory 4G: source and destination need twice that, and this machine has 8G free: ask for at most 3971M", e.Message);
        Assert.Throws<CommandException>(() => GuestMigration.CheckMemory(4096, 0));
        Assert.Throws<CommandException>(() => GuestMigration.CheckMemory(1UL << 40, ulong.MaxValue >> 24));
    }

    public void Dispose() => _files.Dispose();

    private static Task<CommandResult> Migrate(params string[] options) =>
        CommandResult.OfAsync(["migrate", .. options.Contains("--memory") ? (string[])[] : ["--memory", "1M"], "--warm-up", "0ms", .. options]);
}
