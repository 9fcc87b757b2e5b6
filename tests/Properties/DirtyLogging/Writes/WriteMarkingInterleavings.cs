using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Writes;

/// <summary>Devices' writes against a migration, in all executions: no store is missing in the copy.</summary>
public sealed class WriteMarkingInterleavings
{
    [Fact]
    public void Stored_then_marked_nothing_is_lost()
    {
        RunAll(0, [0]);
        RunAll(1, [0]);
        RunAll(1, [0, 0]);
        RunAll(0, [0], [64]);
    }

    [Fact]
    public void Marked_then_stored_a_harvest_between_the_two_loses_the_store()
    {
        ExplorationResult result = Litmus.Fails(WriteMarkingProgram.Of(harvests: 1, marksFirst: true, [0]), FailureKind.Assertion);
        Assert.NotEmpty(result.Failure!.Message);
    }

    private static void RunAll(int harvests, params int[][] devices)
    {
        ExplorationResult result = Explorer.Explore(WriteMarkingProgram.Of(harvests, marksFirst: false, devices)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete, result.ToString());
    }
}
