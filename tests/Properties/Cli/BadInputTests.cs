using System.Globalization;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class BadInputTests : IDisposable
{
    private readonly TraceFiles _files = new();

    [Theory]
    [InlineData("hello\n", 1, "not a line of a lackey trace: 'hello'")]
    [InlineData(" S 1000,8\n\u001b[31mred\u0007\n", 2, "not a line of a lackey trace: '?[31mred?'")]
    [InlineData(" S 1000,8\n\n", 2, "an empty line")]
    [InlineData(" S 1000,8\n S 1000,0\n", 2, "the size is out of its range, 1 to 4096: ' S 1000,0'")]
    [InlineData(" S 1000,8\n S 1000,4097\n", 2, "the size is out of its range, 1 to 4096: ' S 1000,4097'")]
    [InlineData(" S 10000000000000000,8", 1, "the address has more than 64 bits: ' S 10000000000000000,8'")]
    [InlineData(" S ffffffffffffffff,8", 1, "the access ends beyond the 64-bit address space: ' S ffffffffffffffff,8'")]
    [InlineData(" L 0,8\n S 1000,8\n S 2000,8\n", 3, "the trace touches more pages than --memory holds (2 of 4 KiB): give it more")]
    public async Task A_bad_trace_is_refused_with_file_and_line(string text, int line, string problem)
    {
        string path = _files.Write(text);
        foreach (string log in (string[])["bitmap", "ring", "summary", "adaptive", "sim-kvm-get", "sim-kvm-clear", "sim-kvm-ring", "all"])
        {
            CommandResult result = await CommandResult.OfAsync("replay", path, "--memory", "8K", "--log", log);
            result.AssertRefused(string.Create(CultureInfo.InvariantCulture, $"{path}:{line}: {problem}"));
        }
    }

    [Fact]
    public async Task A_trace_that_breaks_off_in_its_gzip_stream_is_refused()
    {
        byte[] whole = await File.ReadAllBytesAsync(TraceFiles.Ls, TestContext.Current.CancellationToken);
        foreach (int length in (int[])[2, 10, 300_000, whole.Length - 8, whole.Length - 1])
        {
            string path = _files.Write(whole[..length]);
            CommandResult result = await CommandResult.OfAsync("replay", path, "--json");
            result.AssertRefused($"{path}:");
            Assert.EndsWith(": the gzip stream breaks off or is corrupt here\n", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Garbage_is_refused()
    {
        byte[] garbage = new byte[1 << 20];
        new Random(7).NextBytes(garbage);
        string path = _files.Write(garbage);
        (await CommandResult.OfAsync("replay", path)).AssertRefused($"{path}:1: not a line of a lackey trace: ");
        path = _files.Write([0x1f, 0x8b, .. garbage]);
        (await CommandResult.OfAsync("replay", path)).AssertRefused($"{path}:1: the gzip stream breaks off or is corrupt here");
        path = _files.Write(new byte[1 << 20]);
        (await CommandResult.OfAsync("replay", path)).AssertRefused($"{path}:1: a line of more than 262144 bytes");
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_is_refused()
    {
        string missing = _files.PathOf("missing");
        (await CommandResult.OfAsync("replay", missing)).AssertRefused($"{missing}: no such file");
        (await CommandResult.OfAsync("replay", "@missing")).AssertRefused("@missing: no such file");
        (await CommandResult.OfAsync("replay", "")).AssertRefused("FILE: the name is empty");
        string directory = Path.GetDirectoryName(missing)!;
        (await CommandResult.OfAsync("replay", directory)).AssertRefused($"{directory}: a directory, not a trace");
    }

    [Theory]
    [InlineData("--memory", "5X", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "M", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "0", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "-4096", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "1000", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "1025G", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--memory", "99999999999999T", "not a multiple of 4K from 4K to 1T")]
    [InlineData("--ring-entries", "0", "not a power of two from 256 to 65536")]
    [InlineData("--ring-entries", "128", "not a power of two from 256 to 65536")]
    [InlineData("--ring-entries", "1000", "not a power of two from 256 to 65536")]
    [InlineData("--ring-entries", "131072", "not a power of two from 256 to 65536")]
    [InlineData("--ring-entries", "4294967552", "not a power of two from 256 to 65536")]
    [InlineData("--ring-entries", "-256", "not a power of two from 256 to 65536")]
    [InlineData("--ring-entries", "many", "not a power of two from 256 to 65536")]
    [InlineData("--interval", "0", "not a number of stores from 1 to 9223372036854775807")]
    [InlineData("--interval", "-1", "not a number of stores from 1 to 9223372036854775807")]
    [InlineData("--interval", "1.5", "not a number of stores from 1 to 9223372036854775807")]
    [InlineData("--interval", "9223372036854775808", "not a number of stores from 1 to 9223372036854775807")]
    [InlineData("--log", "pml", "choose one of bitmap, ring, summary, adaptive, sim-kvm-get, sim-kvm-clear, sim-kvm-ring, all")]
    [InlineData("--log", "Ring", "choose one of bitmap, ring, summary, adaptive, sim-kvm-get, sim-kvm-clear, sim-kvm-ring, all")]
    [InlineData("--log", "sweep", "choose one of bitmap, ring, summary, adaptive, sim-kvm-get, sim-kvm-clear, sim-kvm-ring, all")]
    [InlineData("--mmu", "radix", "choose one of flat, hash, stage2, tdp, tdp-pml")]
    public async Task An_option_out_of_its_range_is_refused_with_the_range(string option, string value, string range) =>
        (await CommandResult.OfAsync("replay", TraceFiles.Ls, option, value)).AssertRefused($"{option} {value}: {range}");

    [Theory]
    [InlineData("", "Required command was not provided")]
    [InlineData("frob", "Unrecognized command or argument 'frob'")]
    [InlineData("replay", "Required argument 'FILE' missing for command: 'replay'")]
    [InlineData("replay a b", "Unrecognized command or argument 'b'")]
    [InlineData("replay a --frob", "Unrecognized command or argument '--frob'")]
    [InlineData("replay a --memory", "Required argument missing for option: '--memory'")]
    [InlineData("replay a --log ring --log bitmap", "--log ring bitmap: choose one of bitmap, ring, summary, adaptive, sim-kvm-get, sim-kvm-clear, sim-kvm-ring, all")]
    [InlineData("replay a --mmu hash --log ring", "--log ring: choose one of walk, sweep, chooser, faults, shadow, all")]
    [InlineData("replay a --mmu hash --mmu hash", "--mmu hash hash: choose one of flat, hash, stage2, tdp, tdp-pml")]
    [InlineData("replay a --huge-pages", "--huge-pages: only with --mmu stage2, tdp or tdp-pml")]
    [InlineData("replay a --mmu hash --split eager", "--split: only with --mmu stage2, tdp or tdp-pml")]
    [InlineData("replay a --mmu tdp --generation 2014", "--generation: only with --mmu stage2")]
    [InlineData("replay a --mmu tdp-pml --ring-entries 512", "--ring-entries 512: with --mmu tdp-pml a power of two from 1024 to 65536")]
    [InlineData("replay a --generation 2014", "--generation: only with --mmu stage2")]
    [InlineData("replay a --mmu stage2 --split never", "--split never: choose one of on-fault, eager")]
    [InlineData("replay a --mmu stage2 --split eager --split eager", "--split eager eager: choose one of on-fault, eager")]
    [InlineData("replay a --mmu stage2 --generation 2015", "--generation 2015: choose one of 2014, current")]
    [InlineData("replay a --mmu stage2 --generation 2014 --split eager", "--split eager: the patches of 2014 do not have it; choose --generation current")]
    [InlineData("replay a --mmu stage2 --log sweep", "--log sweep: choose one of bitmap, ring, summary, adaptive, sim-kvm-get, sim-kvm-clear, sim-kvm-ring, all")]
    [InlineData("replay a --mmu radix --log sweep", "--mmu radix: choose one of flat, hash, stage2, tdp, tdp-pml")]
    [InlineData("info x", "Unrecognized command or argument 'x'")]
    public async Task A_line_that_cannot_be_parsed_is_refused_without_a_dump_of_help(string line, string problem) =>
        (await CommandResult.OfAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).AssertRefused(problem);

    [Fact]
    public async Task A_csv_file_that_cannot_be_written_is_refused()
    {
        string path = _files.PathOf("missing/rows.csv");
        (await CommandResult.OfAsync("replay", TraceFiles.Ls, "--csv", path)).AssertRefused($"--csv {path}: cannot be written: ");
        path = Path.GetTempPath();
        (await CommandResult.OfAsync("replay", TraceFiles.Ls, "--csv", path)).AssertRefused($"--csv {path}: cannot be written: ");
    }

    [Fact]
    public async Task A_csv_file_that_is_the_trace_is_refused_and_left_alone()
    {
        string trace = _files.Write(" S 1000,8\n");
        (await CommandResult.OfAsync("replay", trace, "--csv", trace)).AssertRefused($"--csv {trace}: cannot be written: ");
        Assert.Equal(" S 1000,8\n", await File.ReadAllTextAsync(trace, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_failed_replay_leaves_no_csv_file_and_an_earlier_one_alone()
    {
        string bad = _files.Write("bad\n");
        string csv = _files.PathOf("rows.csv");
        (await CommandResult.OfAsync("replay", bad, "--csv", csv)).AssertRefused($"{bad}:1: ");
        Assert.False(File.Exists(csv));
        await File.WriteAllTextAsync(csv, "earlier", TestContext.Current.CancellationToken);
        (await CommandResult.OfAsync("replay", bad, "--csv", csv)).AssertRefused($"{bad}:1: ");
        Assert.Equal("earlier", await File.ReadAllTextAsync(csv, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_process_says_the_same_as_the_command()
    {
        string bad = _files.Write(" S 1000,8\nbad\n");
        (await CommandResult.OfProcessAsync("replay", bad)).AssertRefused($"{bad}:2: not a line of a lackey trace: 'bad'\n");
        string broken = _files.Write(TraceFiles.Gzip(" S 1000,8\n"u8.ToArray())[..^3]);
        (await CommandResult.OfProcessAsync("replay", broken)).AssertRefused($"{broken}:2: the gzip stream breaks off or is corrupt");
        (await CommandResult.OfProcessAsync("replay", bad, "--memory", "x")).AssertRefused("--memory x: ");
    }

    public void Dispose() => _files.Dispose();
}
