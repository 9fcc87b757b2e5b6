using RingKit.Interleaving;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>Every order that the slot-published dirty ring names is needed: each, weakened, makes one of these programs fail.</summary>
public class DirtyRingMutants
{
    [Fact]
    public void Every_weakened_order_is_noticed()
    {
        MutantReport report = MutantReport.Run(
        [
            DirtyRingProgram.ThreeThreads(capacity: 1, total: 2),
            DirtyRingProgram.TwoThreads(capacity: 2, total: 3),
            DirtyRingProgram.Borrowing(capacity: 1, total: 2),
            DirtyRingProgram.Observed(capacity: 4, total: 1),
        ]);
        TestContext.Current.TestOutputHelper?.WriteLine(report.Table());
        // `dotnet run` prints it, `dotnet test` with --output Detailed.
        Console.WriteLine($"dirty ring: {report}");
        Assert.True(report.Killed == report.Sites, report.Table());
    }
}
