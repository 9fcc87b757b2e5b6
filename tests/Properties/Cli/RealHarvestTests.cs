using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Machines;
using RingKit.Cli.RealGuests;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Host;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>Real guests in the grid, where there is a KVM: a log that reports other pages than its guest stored to ends it.</summary>
[Collection(RunAlone.Name)]
public sealed class RealHarvestTests
{
    private const ulong Mebibyte = 1 << 20;

    [Fact]
    public void The_kernels_logs_stand_beside_simulated_ones_where_the_guests_memory_can_be_real()
    {
        Need();
        bool hasHost = HostTrackingSupport.Read().WhyNot is null;
        LogChoice[] logs = [.. HarvestLogs.NamedOver(MmuChoice.Flat).Where(log => log.Name is "bitmap" or "ring" or "sim-kvm-ring" || log.IsReal || (hasHost && log.Name == "host"))];
        HarvestReport report = Run(logs, 8 * Mebibyte, 64UL << 30);
        Assert.Equal(3 + LogChoice.Real.Count + (hasHost ? 1 : 0), logs.Length);
        Assert.Equal(Enumerable.Repeat(logs.Select(log => log.Name), 3).SelectMany(names => names), report.Cells.Select(cell => cell.Log));
        Assert.All(report.Cells, cell => Assert.Equal(8 * Mebibyte, cell.Cell.Memory));
        Assert.All(report.Cells.Where(cell => cell.DirtyPages == 300 && cell.Log != "host"), cell => Assert.True(cell.Costs.Entries >= 300, $"{cell}"));
        Assert.All(report.LeftOut, left => Assert.Equal((64UL << 30, "--memory"), (left.Cell.Memory, left.Option)));
        Assert.Equal(3, report.LeftOut.Count);
    }

    private static HarvestReport Run(IReadOnlyList<LogChoice> logs, params ulong[] memory)
    {
        using var grid = new HarvestGrid(new HarvestSettings
        {
            Mmu = MmuChoice.Flat,
            Logs = logs,
            Memory = memory,
            Dirty = [DirtyAmount.OfPages(0), DirtyAmount.OfPages(1), DirtyAmount.OfPages(300)],
            Patterns = [PagePattern.Random],
            Vcpus = 2,
            RingEntries = 1024,
            TimesCount = false,
        });
        return grid.Run(cancellation: TestContext.Current.CancellationToken);
    }

    private static void Need()
    {
        if (Enum.GetValues<KvmLogForm>().Select(form => KvmGuest.WhyNot(form, KvmPath.Current)).FirstOrDefault(missing => missing is not null) is not { } missing)
            return;
        Report.Line($"A test of a harvest of real guests is skipped: {missing}.");
        Assert.Skip(missing);
    }
}
