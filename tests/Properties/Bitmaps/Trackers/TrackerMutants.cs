using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Trackers;

public class TrackerMutants
{
    [Fact]
    public void Tmp()
    {
        foreach (ExploredStructure s in new ExploredStructure[] { new ExploredSummaryBitmap(), new ExploredByteMap() })
        {
            foreach (ModelProgram p in s.MutantPrograms)
                Report.Line(Explorer.Explore(p, new ExplorationOptions { MaximumExecutions = 200_000 }).ThrowIfFailed().ToString());
            MutantReport report = MutantReport.Run(s.MutantPrograms, new ExplorationOptions { MaximumExecutions = 4000 });
            Report.Line(report.ToString() + "\n" + report.Table());
        }
    }
}
