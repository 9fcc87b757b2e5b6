using System.Text.Json;
using RingKit.Cli.Machines;
using RingKit.Cli.RealGuests;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Host;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>The commands on a real guest, where there is a KVM; and what they say where there is none.</summary>
public sealed class RealGuestCommandTests
{
    private const string Missing = "/nowhere/kvm";
    private const string Closed = "/sys/kernel/uevent_seqnum";

    public static TheoryData<string> Forms { get; } = [.. LogChoice.Real.Select(log => log.Name)];

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_real_guest_runs_and_every_page_that_it_writes_is_reported(string log)
    {
        Need();
        CommandResult result = await CommandResult.OfAsync(
            "kvm", "run", "--log", log, "--pages", "300", "--vcpus", "2", "--pattern", "sequential", "--time", "150ms", "--interval", "20ms", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement report = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(log, report.GetProperty("log").GetString());
        ulong stores = report.GetProperty("stores").GetUInt64();
        int written = report.GetProperty("written_pages").GetInt32();
        Assert.InRange(written, 1, 300);
        Assert.True(stores >= (ulong)written, $"{stores} stores to {written} pages");

        Assert.Equal(log == KvmDirtyLog.AdaptiveName, report.TryGetProperty("moves", out _));

        // Beside them the page tables, which the processor marks.
        Assert.True(report.GetProperty("total").GetProperty("dirty_pages").GetInt32() >= written);
    }

    [Fact]
    public async Task A_full_ring_is_emptied_and_nothing_is_lost()
    {
        Need();
        CommandResult result = await CommandResult.OfAsync(
            "kvm", "run", "--pages", "2000", "--ring-entries", "1024", "--pattern", "counter", "--time", "400ms", "--interval", "400ms", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement total = JsonDocument.Parse(result.Output).RootElement.GetProperty("total");
        if (total.GetProperty("entries").GetInt32() > 2000)
            Assert.True(total.GetProperty("full_rings").GetInt32() > 0);
    }

    [Fact]
    public async Task A_real_guest_is_migrated_with_each_form_of_its_log()
    {
        Need();
        CommandResult result = await CommandResult.OfAsync(
            "migrate", "--mmu", "kvm", "--memory", "8M", "--log", "all", "--write-rate", "max", "--max-rounds", "4", "--warm-up", "20ms", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement report = JsonDocument.Parse(result.Output).RootElement;
        Assert.True(report.GetProperty("memory_equal").GetBoolean());
        JsonElement[] logs = [.. report.GetProperty("logs").EnumerateArray()];
        Assert.Equal(LogChoice.Real.Select(log => log.Name), logs.Select(log => log.GetProperty("log").GetString()));
        Assert.All(logs, log => Assert.True(log.GetProperty("stores_per_second_before").GetDouble() > 0));
    }

    // It runs for a while before, to learn how fast it is.
    [Fact]
    public async Task A_real_guest_that_stores_at_a_rate_is_migrated()
    {
        Need();
        CommandResult result = await CommandResult.OfAsync("migrate", "--mmu", "kvm", "--memory", "4M", "--log", "kvm-bitmap", "--write-rate", "40M", "--warm-up", "20ms", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement report = JsonDocument.Parse(result.Output).RootElement;
        Assert.True(report.GetProperty("memory_equal").GetBoolean());
        Assert.True(report.GetProperty("logs")[0].GetProperty("stores_per_second_before").GetDouble() > 0);
    }

    [Fact]
    public async Task Real_logs_alone_need_no_page_table_and_have_a_guest_of_64_MiB()
    {
        Need();
        string[] host = HostTrackingSupport.Read().WhyNot is null ? ["host"] : [];
        string[] logs = ["kvm-ring", "kvm-bitmap", .. host];
        CommandResult result = await CommandResult.OfAsync("harvest", "--logs", string.Join(',', logs), "--dirty", "1,100%", "--stores", "200", "--pattern", "random", "--cell-time", "0ms", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement report = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("kvm", report.GetProperty("mmu").GetString());
        JsonElement[] cells = [.. report.GetProperty("cells").EnumerateArray()];
        Assert.Equal(logs, cells.Select(cell => cell.GetProperty("log").GetString()).Distinct());
        Assert.All(cells, cell => Assert.Equal("64M", cell.GetProperty("memory").GetString()));
        Assert.Equal([1, 16384], cells.Select(cell => cell.GetProperty("dirty_pages").GetInt32()).Distinct());
    }

    [Fact]
    public async Task All_logs_of_a_real_guest_are_rows_of_a_harvest()
    {
        Need();
        CommandResult result = await CommandResult.OfAsync(
            "harvest", "--mmu", "kvm", "--memory", "8M", "--dirty", "0,1,300", "--pattern", "random", "--vcpus", "2", "--ring-entries", "1024", "--cell-time", "0ms", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement report = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(0, report.GetProperty("left_out").GetArrayLength());
        string[] logs = [.. report.GetProperty("cells").EnumerateArray().Select(cell => cell.GetProperty("log").GetString()!)];
        Assert.Equal(3, logs.Count(log => log == "kvm-ring"));
        Assert.Equal(3 * LogChoice.Real.Count, logs.Length);
    }

    [Theory]
    [InlineData("kvm", "run")]
    [InlineData("migrate", "--mmu", "kvm", "--memory", "8M")]
    [InlineData("harvest", "--mmu", "kvm", "--memory", "8M", "--dirty", "1", "--pattern", "random")]
    [InlineData("harvest", "--logs", "bitmap,kvm-bitmap", "--memory", "8M", "--dirty", "1", "--pattern", "random")]
    public async Task Without_a_device_there_is_one_line(params string[] args)
    {
        CommandResult result = await WithDevice(Missing, () => CommandResult.OfAsync(args));
        result.AssertRefused(OperatingSystem.IsLinux() ? $"no real guest can run here: there is no {Missing}" : "no real guest can run here: ");
    }

    [Fact]
    public async Task A_file_that_is_no_device_is_refused()
    {
        CommandResult result = await WithDevice("/dev/null", () => CommandResult.OfAsync("kvm", "run"));
        result.AssertRefused("no real guest can run here: ");
    }

    // The kernel's own files are nobody's to write, whoever asks.
    [Theory]
    [InlineData("kvm", "run")]
    [InlineData("migrate", "--mmu", "kvm", "--memory", "8M")]
    [InlineData("harvest", "--mmu", "kvm", "--memory", "8M", "--dirty", "1", "--pattern", "random")]
    public async Task Without_the_right_to_the_device_there_is_one_line(params string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(Closed), $"there is no {Closed}");
        CommandResult result = await WithDevice(Closed, () => CommandResult.OfAsync(args));
        result.AssertRefused($"no real guest can run here: no right to open {Closed}");
        CommandResult info = await WithDevice(Closed, () => CommandResult.OfAsync("info"));
        Assert.Equal((0, ""), (info.ExitCode, info.Error));
        Assert.Contains($"no right to open {Closed}", info.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_says_what_is_missing()
    {
        CommandResult result = await WithDevice(Missing, () => CommandResult.OfAsync("info", "--json"));
        Assert.Equal(0, result.ExitCode);
        JsonElement kvm = JsonDocument.Parse(result.Output).RootElement.GetProperty("kernel").GetProperty("kvm");
        Assert.Equal(Missing, kvm.GetProperty("device").GetString());
        Assert.NotNull(kvm.GetProperty("missing").GetString());
    }

    [Theory]
    [InlineData("--log ring", "kvm", "run", "--log", "ring")]
    [InlineData("--pattern all", "kvm", "run", "--pattern", "all")]
    [InlineData("--pages 0", "kvm", "run", "--pages", "0")]
    [InlineData("--pages 2: at least one for each of 3 vCPUs", "kvm", "run", "--pages", "2", "--vcpus", "3")]
    [InlineData("--ring-entries 300", "kvm", "run", "--ring-entries", "300")]
    [InlineData("--ring-entries 131072", "kvm", "run", "--ring-entries", "131072")]
    [InlineData("--time 0ms", "kvm", "run", "--time", "0ms")]
    [InlineData("--interval now", "kvm", "run", "--interval", "now")]
    [InlineData("--trace: not with --mmu kvm", "migrate", "--mmu", "kvm", "--trace", "x")]
    [InlineData("--throttle: not with --mmu kvm", "migrate", "--mmu", "kvm", "--throttle", "auto-converge")]
    [InlineData("--vcpus 17: with --mmu kvm", "migrate", "--mmu", "kvm", "--vcpus", "17")]
    [InlineData("--vcpus 17: with --mmu kvm", "harvest", "--mmu", "kvm", "--vcpus", "17")]
    [InlineData("--trace: not with --mmu kvm", "harvest", "--mmu", "kvm", "--trace", "x")]
    [InlineData("--trace: not with kvm-ring", "harvest", "--logs", "kvm-ring,bitmap", "--trace", "x")]
    [InlineData("--vcpus 17: with kvm-bitmap", "harvest", "--logs", "ring,kvm-bitmap", "--vcpus", "17")]
    [InlineData("--logs kvm-ring: choose some of ", "harvest", "--mmu", "stage2", "--logs", "kvm-ring")]
    [InlineData("--log ring: choose one of kvm-ring, ", "replay", "x", "--mmu", "kvm", "--log", "ring")]
    [InlineData("--log kvm-ring: choose one of bitmap, ", "replay", "x", "--log", "kvm-ring")]
    [InlineData("--huge-pages: only with ", "replay", "x", "--mmu", "kvm", "--huge-pages")]
    [InlineData("--ring-entries 300", "replay", "x", "--mmu", "kvm", "--ring-entries", "300")]
    [InlineData("--memory 32G: with --mmu kvm at most 16G", "replay", "x", "--mmu", "kvm", "--memory", "32G")]
    public async Task What_a_real_guest_cannot_have_is_refused(string error, params string[] args) => (await CommandResult.OfAsync(args)).AssertRefused(error);

    [Fact]
    public void A_guest_that_does_what_it_should_not_leaves_its_registers_and_nothing_else()
    {
        Need();
        var run = new KvmRun(new KvmRunSettings { Pages = 16 }) { Prepared = guest => Program(guest)[0] = 0xEE };     // out dx, al

        GuestFailedException failure = Assert.Throws<GuestFailedException>(() => run.Run(progress: null, TestContext.Current.CancellationToken));
        Assert.StartsWith("the real guest failed: vCPU 0 left the guest unexpectedly: out of ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.Contains(failure.Details, line => line.StartsWith("rip ", StringComparison.Ordinal));
        Assert.Equal(0, KvmFiles());
    }

    [Fact]
    public void A_slot_that_is_removed_while_it_is_harvested_ends_the_run_with_one_message()
    {
        Need();
        KvmGuest? made = null;
        var run = new KvmRun(new KvmRunSettings { Pages = 64, Interval = TimeSpan.FromMilliseconds(5), Log = LogChoice.Real[(int)KvmLogForm.Bitmap] }) { Prepared = guest => made = guest };
        GuestFailedException failure = Assert.Throws<GuestFailedException>(
            () => run.Run((_, _) => made!.Kvm.DeleteMemoryRegion(0), TestContext.Current.CancellationToken));
        Assert.StartsWith("the real guest failed: ", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, KvmFiles());
    }

    [Fact]
    public void A_ring_that_the_kernel_refuses_ends_with_one_message()
    {
        Need();
        var run = new KvmRun(new KvmRunSettings { Pages = 16, RingEntries = 1 << 17 });
        GuestFailedException failure = Assert.Throws<GuestFailedException>(() => run.Run(progress: null, TestContext.Current.CancellationToken));
        Assert.Equal("the real guest failed: A ring of 131072 entries was refused: TooBig", failure.Message);
        Assert.Equal(0, KvmFiles());
    }

    [Fact]
    public async Task A_run_that_is_cancelled_leaves_nothing()
    {
        Need();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var run = new KvmRun(new KvmRunSettings { Pages = 64, Time = TimeSpan.FromMinutes(1), Interval = TimeSpan.FromMilliseconds(10) });
        await Assert.ThrowsAsync<OperationCanceledException>(() => Task.Run(() => run.Run(progress: null, cancellation.Token), CancellationToken.None));
        Assert.Equal(0, KvmFiles());
    }

    private static void Need()
    {
        if (Enum.GetValues<KvmLogForm>().Select(form => KvmGuest.WhyNot(form, KvmPath.Current)).FirstOrDefault(missing => missing is not null) is not { } missing)
            return;
        Report.Line($"A test of a command on a real guest is skipped: {missing}.");
        Assert.Skip(missing);
    }

    private static NativeView<byte> Program(KvmGuest guest)
    {
        const int Entry = 0x1000;
        return guest.Machine.Memory.Slots[0].Memory.Slice(Entry, (nuint)GuestPage.Size);
    }

    // The tests of one class take turns, and no other class runs real guests.
    private static async Task<CommandResult> WithDevice(string path, Func<Task<CommandResult>> run)
    {
        string? before = Environment.GetEnvironmentVariable(KvmPath.Variable);
        Environment.SetEnvironmentVariable(KvmPath.Variable, path);
        try
        {
            return await run();
        }
        finally
        {
            Environment.SetEnvironmentVariable(KvmPath.Variable, before);
        }
    }

    private static int KvmFiles() => new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Count(file =>
        file.LinkTarget is { } target && (target == KvmPath.Current || target.StartsWith("anon_inode:kvm", StringComparison.Ordinal)));
}
