using RingKit.Interleaving;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.HashTable.Model.HashOperation;

namespace RingKit.Properties.HashTable.Model;

/// <summary>The small core, one rmap word and two entries, in all executions of small programs and in many of larger ones.</summary>
public sealed class HashInterleavings
{
    private static readonly long Bound = LongRun.IsOn ? 2_000_000 : 4_000;
    private static readonly long Samples = LongRun.IsOn ? 200_000 : 2_000;

    [Fact]
    public void Mutants()
    {
        MutantReport report = MutantReport.Run(new ExploredHashTable().MutantPrograms, new ExplorationOptions { MaximumExecutions = 4_000 });
        Report.Line(report + "\n" + report.Table());
        Assert.Equal(report.Sites, report.Killed);
    }

    private static void Run(HashPlan plan, params HashOperation[][] threads)
    {
        ModelProgram program = HashProgram.Of(plan, threads);
        ExplorationResult all = Explorer.Explore(program, new ExplorationOptions { MaximumExecutions = Bound }).ThrowIfFailed();
        Report.Line(all.ToString());
        if (!all.IsComplete)
            Report.Line(Explorer.Sample(program, (ulong)Environment.TickCount64, Samples).ThrowIfFailed().ToString());
    }
}
