using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>What the logs that protect pages promise besides: how much work a harvest is.</summary>
/// <param name="make">Makes the log under test.</param>
/// <param name="bytesOfTheBooks">What it reads in the harvest of <see cref="The_books_are_right"/>.</param>
/// <param name="machine">Makes its machine, of two vCPUs; null for one with the plain page table.</param>
/// <param name="flushesOfTheBooks">How often that flushes both vCPUs.</param>
public abstract class WriteProtectingLogContract(
    Func<VirtualMachine, IDirtyLog> make, ulong bytesOfTheBooks, Func<GuestMemory, VirtualMachine>? machine = null, ulong flushesOfTheBooks = 1)
    : DirtyLogContract(make, machine ?? (memory => new VirtualMachine(memory, vcpus: 2)))
{
    [Fact]
    public void The_books_are_right()
    {
        Log.Start();
        DirtyLogStatistics before = Log.Statistics;
        Store(0, [.. Enumerable.Range(0, 64).Select(page => (ulong)page)]);
        Store(0, 5069);
        DirtySet.Harvest(Log);
        DirtyLogStatistics cost = Log.Statistics - before;
        Assert.Equal(65ul, cost.Faults);
        Assert.Equal(1ul, cost.Harvests);
        Assert.Equal(65ul, cost.Entries);
        Assert.Equal(2ul, cost.ResetCalls);
        Assert.Equal(2 * flushesOfTheBooks, cost.Invalidations);
        Assert.Equal(0ul, cost.RefusedPages);
        Assert.True(cost.HarvestTime > TimeSpan.Zero);
        Assert.Equal(bytesOfTheBooks, cost.BytesTouched);

        before = Log.Statistics;
        DirtySet.Harvest(Log);
        Assert.Equal(0ul, (Log.Statistics - before).Invalidations);
    }
}
