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
        MutantReport report = MutantReport.Run(ExploredStructures.All.SelectMany(structure => structure.MutantPrograms));
        TestContext.Current.TestOutputHelper?.WriteLine(report.Table());
        Report.Line(report.ToString());
        Assert.True(report.Killed == report.Sites, report.Table());
    }
}
