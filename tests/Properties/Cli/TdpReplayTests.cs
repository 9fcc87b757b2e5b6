using System.IO.Compression;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Mmu.Mapping;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>Replays through x86's second level: the pages of the flat one, by either mechanism.</summary>
public sealed class TdpReplayTests
{
    [Theory]
    [InlineData("tdp", false, false)]
    [InlineData("tdp", true, false)]
    [InlineData("tdp", true, true)]
    [InlineData("tdp-pml", false, false)]
    [InlineData("tdp-pml", true, false)]
    [InlineData("tdp-pml", true, true)]
    public void X86s_second_level_gives_the_same_pages_and_bytes(string name, bool hugePages, bool splitsEagerly)
    {
        var model = NaiveReplay.OfGzip(TraceFiles.Ls, 5000);
        using var trace = new GZipStream(File.OpenRead(TraceFiles.Ls), CompressionMode.Decompress);
        MmuChoice mmu = MmuChoice.Of(name)!;
        var settings = new ReplaySettings
        {
            Interval = 5000,
            RingEntries = (int)mmu.SmallestRing,
            Memory = 16 << 20,
            Mmu = mmu,
            Logs = mmu.Logs,
            Tdp = MachineSettings.DefaultTdp with { HostLevel = hugePages ? MappingLevel.Size2M : MappingLevel.Size4K, SplitsEagerly = splitsEagerly },
        };
        ReplayReport report = ReplayCheck.Run(trace, model, settings);
        Assert.Equal(["bitmap", "ring", "summary", "adaptive", "sim-kvm-get", "sim-kvm-clear", "sim-kvm-ring"], report.Logs.Select(log => log.Log));

        // A processor that logs needs faults to split large leaves, and no others.
        if (mmu == MmuChoice.TdpWithLog && (splitsEagerly || !hugePages))
            Assert.All(report.Logs, log => Assert.Equal(0u, log.Total.Faults));
        else
            Assert.All(report.Logs, log => Assert.InRange(log.Total.Faults, 1u, (ulong)log.Total.DirtyPages));
    }

    [Fact]
    public async Task The_command_takes_it()
    {
        CommandResult result = await CommandResult.OfAsync("replay", TraceFiles.Ls, "--mmu", "tdp-pml", "--huge-pages", "--split", "eager", "--memory", "16M", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("\"mmu\":\"tdp-pml\"", result.Output, StringComparison.Ordinal);
    }
}
