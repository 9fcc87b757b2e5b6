using RingKit.Interleaving;
using Xunit;

namespace RingKit.Properties.DirtyRings.Overflow;

/// <summary>The ring with bitmaps behind it, in all executions of small programs: no store is lost, and none invented.</summary>
public sealed class OverflowInterleavings
{
    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(1, 0, 0)]
    [InlineData(2, 0, 64)]
    [InlineData(1, 0, 1, 64)]
    public void Every_store_is_in_a_collection(int collections, params int[] pages) => RunAll(new(1, collections, pages));

    // The bits are put back and the flag is raised again, while the producer marks and raises.
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 0, 1, 64)]
    public void What_a_target_refused_waits_for_the_next_collection(int batch, params int[] pages) =>
        RunAll(new(1, 2, pages) { FailingBatch = batch });

    private static void RunAll(OverflowScript script)
    {
        ExplorationResult result = Explorer.Explore(OverflowProgram.Of(script)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
