using System.Diagnostics;
using System.IO.Pipes;
using RingKit.Cli.Commands;
using RingKit.Cli.Machines;
using RingKit.Cli.Migrate;
using RingKit.Cli.Migrate.Links;
using RingKit.Cli.Reports.Migrate;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;
using Spectre.Console;
using Xunit;

namespace RingKit.Properties.Cli.Migrate;

/// <summary>Migrations that go wrong: what is said, and what is left behind.</summary>
public sealed class GuestMigrationTests : IDisposable
{
    private static readonly MigrateSettings Small = new()
    {
        Memory = 2 << 20,
        WarmUp = TimeSpan.Zero,
        WriteRate = MigrateSettings.Unlimited,
        Bandwidth = MigrateSettings.Unlimited,
        Downtime = TimeSpan.FromMilliseconds(1),
        Rounds = 3,
    };

    private readonly TraceFiles _files = new();
    private readonly GuestMemories _memories = new(Small.MemoryPages);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_byte_that_differs_is_found_and_said()
    {
        var migration = new GuestMigration(_memories, LogChoice.Flat[0], Small)
        {
            Migrated = memories => memories.Destination.Slots[0].Memory[(300 << 12) + 17] ^= 1,
        };
        var report = new MigrateReport(Small, Trace: null, [migration.Run(progress: null, Cancellation)]);
        Assert.False(report.IsMemoryEqual);

        using var json = new StringWriter();
        MigrateJson.Write(report, json);
        string[] lines = [.. json.ToString().Split('\n').Select(line => line.Trim())];
        Assert.Equal(2, lines.Count(line => line == "\"memory_equal\": false,"));
        Assert.Contains("\"different_pages\": 1,", lines);
        Assert.Contains("\"gfn\": 300,", lines);
        Assert.Contains("\"byte\": 17", lines);

        using var text = new StringWriter();
        new MigrateText(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No })).Write(report);
        Assert.Contains("memory equal: no\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("0x12c", text.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(1_000_000)]
    [InlineData(2_200_000)]
    public void A_byte_that_is_changed_on_its_way_ends_the_migration(long at)
    {
        CommandException e = Assert.Throws<CommandException>(() => Run(at, (_, value) => (byte)(value ^ 0x40)));
        Assert.StartsWith("--via pipe: the migration with the ring log failed: Byte ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(1_000_000)]
    [InlineData(2_200_000)]
    public void A_link_that_breaks_ends_the_migration(long at)
    {
        CommandException e = Assert.Throws<CommandException>(() => Run(at, (_, _) => throw new IOException("The cable is out.")));
        Assert.Equal("--via pipe: the migration with the ring log failed: The cable is out.", e.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000_000)]
    public void A_destination_that_closes_ends_the_migration(long at)
    {
        AnonymousPipeClientStream? end = null;
        CommandException e = Assert.Throws<CommandException>(() => Run(
            at,
            (_, value) =>
            {
                end!.Dispose();
                return value;
            },
            pages => end = pages));
        Assert.StartsWith("--via pipe: the migration with the ring log failed: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void A_cancelled_migration_leaves_no_file()
    {
        // Both in the first round, which is never the last: a later one may be, if the guest stored nothing meanwhile.
        foreach (int events in (int[])[1, 2])
        {
            string path = _files.PathOf("guest.stream");
            using var source = new CancellationTokenSource();
            int left = events;
            var migration = new GuestMigration(_memories, LogChoice.Flat[1], Small with { Via = Via.File(path), Rounds = 1000 });
            Assert.Throws<OperationCanceledException>(() => migration.Run(
                _ =>
                {
                    Assert.True(File.Exists(path));
                    if (--left == 0)
                        source.Cancel();
                },
                source.Token));
            Assert.False(File.Exists(path));
        }
    }

    [Fact]
    public void A_cancelled_migration_leaves_a_file_that_was_there_as_it_was()
    {
        string path = _files.Write("earlier");
        using var source = new CancellationTokenSource();
        var migration = new GuestMigration(_memories, LogChoice.Flat[1], Small with { Via = Via.File(path), Rounds = 1000 });
        Assert.Throws<OperationCanceledException>(() => migration.Run(_ => source.Cancel(), source.Token));
        Assert.Equal("earlier", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));

        File.WriteAllText(path, "");
        using var second = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => migration.Run(_ => second.Cancel(), second.Token));
        Assert.Equal("", File.ReadAllText(path));
    }

    [Fact]
    public void A_migration_replaces_a_file_that_was_there_and_what_a_link_leads_to()
    {
        string path = _files.Write("earlier"), link = _files.PathOf("link");
        foreach (string name in OperatingSystem.IsWindows() ? (string[])[path] : [path, link])
        {
            if (name == link)
                File.CreateSymbolicLink(link, path);
            File.WriteAllText(path, "earlier");
            var migration = new GuestMigration(_memories, LogChoice.Flat[0], Small with { Via = Via.File(name) });
            Assert.True(migration.Run(progress: null, TestContext.Current.CancellationToken).Memory.IsEqual);
            Assert.True(new FileInfo(path).Length > 1000);
            Assert.Equal(name == link, new FileInfo(name).LinkTarget is not null);
        }
    }

    [Fact]
    public void A_migration_that_is_cancelled_over_a_connection_ends_its_threads()
    {
        foreach (Via via in (Via[])[Via.Tcp, Via.Pipe])
        {
            using var source = new CancellationTokenSource();
            Link? link = null;
            var migration = new GuestMigration(_memories, LogChoice.Flat[0], Small with { Via = via, Rounds = 1000 })
            {
                OpenLink = (what, destination) => link = Link.Open(what, destination),
            };
            Assert.Throws<OperationCanceledException>(() => migration.Run(_ => source.Cancel(), source.Token));

            // The link's thread has been joined; nothing is left to write to.
            Assert.ThrowsAny<Exception>(() => link!.Source.Pages.WriteByte(0));
        }
    }

    [Fact]
    public void A_migration_that_is_cancelled_while_the_guest_warms_up_ends_at_once()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        long start = Stopwatch.GetTimestamp();
        Assert.Throws<OperationCanceledException>(
            () => new GuestMigration(_memories, LogChoice.Flat[0], Small with { WarmUp = TimeSpan.FromMinutes(10) }).Run(progress: null, source.Token));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 60);
    }

    [Fact]
    public async Task Ctrl_c_ends_the_process_with_130_and_no_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends SIGINT by kill");
        string path = _files.PathOf("guest.stream");
        using Process process = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "RingKit.Cli.dll"), "migrate", "--memory", "16M", "--bandwidth", "64K", "--via", path,
            },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        while (!(File.Exists(path) && new FileInfo(path).Length > 0) && !process.HasExited)
            await Task.Delay(20, Cancellation);
        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(Cancellation);
        string output = await process.StandardOutput.ReadToEndAsync(Cancellation), error = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal((130, "", ""), (process.ExitCode, output, error));
        Assert.False(File.Exists(path));
    }

    public void Dispose()
    {
        _files.Dispose();
        _memories.Dispose();
    }

    private void Run(long at, Func<Stream, byte, byte> happen, Action<AnonymousPipeClientStream>? opened = null)
    {
        var migration = new GuestMigration(_memories, LogChoice.Flat[1], Small with { Via = Via.Pipe, Rounds = 5 })
        {
            OpenLink = (_, destination) => Open(destination, at, happen, opened),
        };
        migration.Run(progress: null, Cancellation);
    }

    private static ThreadLink Open(GuestMemory destination, long at, Func<Stream, byte, byte> happen, Action<AnonymousPipeClientStream>? opened)
    {
        var pages = new AnonymousPipeServerStream(PipeDirection.Out);
        var answers = new AnonymousPipeServerStream(PipeDirection.In);
        var end = new AnonymousPipeClientStream(PipeDirection.In, pages.ClientSafePipeHandle);
        opened?.Invoke(end);
        return new ThreadLink(
            new MigrationConnection(new TamperedStream(pages, at, happen), answers),
            destination,
            end,
            new AnonymousPipeClientStream(PipeDirection.Out, answers.ClientSafePipeHandle));
    }
}
