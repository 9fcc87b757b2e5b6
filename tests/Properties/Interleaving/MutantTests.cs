using RingKit.Interleaving;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Interleaving;

/// <summary>Every order that the structures name is needed: each, weakened, makes one of their programs fail.</summary>
public class MutantTests
{
    [Fact]
    public void Every_weakened_order_is_noticed()
    {
        MutantReport report = MutantReport.Run(
            ExploredStructures.All.SelectMany(structure => structure.MutantPrograms), new ExplorationOptions { MaximumExecutions = 4_000 });
        TestContext.Current.TestOutputHelper?.WriteLine(report.Table());
        Report.Line(report.ToString());
        Assert.True(report.Killed == report.Sites, report.Table());
    }

    // No proof, but the list of what is still to be proved, or to be taken out of the source.
    [Fact]
    public void Unsettled_orders_are_named_in_the_long_run()
    {
        Assert.SkipUnless(LongRun.IsOn, "RINGKIT_LONG is not set.");
        foreach (ExploredStructure structure in ExploredStructures.All.Where(structure => structure.UnsettledPrograms.Count != 0))
        {
            MutantReport report = MutantReport.Run(structure.UnsettledPrograms, new ExplorationOptions { MaximumExecutions = 50_000 });
            Report.Line($"{structure.Name}, unsettled: {report}\n{report.Table()}");
        }
    }
}
