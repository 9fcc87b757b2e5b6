using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using Xunit;

namespace RingKit.Properties.Bitmaps.Growing;

/// <summary>Growth that no order goes with, in all executions of small programs: no mark of a new page is lost or late.</summary>
public class GrowthInterleavings
{
    [Fact]
    public void Who_grows_and_marks_has_the_mark_harvested() =>
        RunAll("grow and mark | harvest", p => { p.Grow(); p.MarkIfThere(); p.TellOfMark(); }, p => p.Harvest());

    [Fact]
    public void A_mark_by_another_thread_than_the_one_that_grows_is_harvested_by_a_third() =>
        RunAll("grow | mark | harvest", p => p.Grow(), p => { p.MarkIfThere(); p.TellOfMark(); }, p => { p.Harvest(); p.Harvest(); });

    [Fact]
    public void Who_is_told_of_the_growth_sees_it() =>
        RunAll("grow, tell | hear, mark | harvest", p => { p.Grow(); p.TellOfGrowth(); }, p => { p.HearOfGrowth(); p.MarkIfThere(); }, p => p.Take());

    // The programs notice it: who says that a mark is made, in no order, has it missed.
    [Fact]
    public void A_mark_that_is_told_in_no_order_is_missed() =>
        Litmus.Fails(
            GrowthProgram.Of("grow | mark, tell in no order | harvest", p => p.Grow(), p => { p.MarkIfThere(); p.TellOfMarkInNoOrder(); }, p => p.Harvest()),
            FailureKind.Assertion);

    private static void RunAll(string name, params Action<GrowthProgram>[] threads)
    {
        ExplorationResult result = Explorer.Explore(GrowthProgram.Of(name, threads)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
