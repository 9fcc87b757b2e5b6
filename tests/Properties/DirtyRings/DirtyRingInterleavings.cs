using RingKit.Interleaving;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>The slot-published dirty ring in all its executions: in order, nothing lost or invented or torn, no entry with two owners.</summary>
public class DirtyRingInterleavings
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 3)]
    [InlineData(2, 4)]
    public void Three_parties_hand_every_entry_round(int capacity, int total) =>
        Run(DirtyRingProgram.ThreeThreads(capacity, total));

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 4)]
    [InlineData(2, 5)]
    [InlineData(4, 8)]
    public void Two_parties_hand_every_entry_round(int capacity, int total) =>
        Run(DirtyRingProgram.TwoThreads(capacity, total));

    private static void Run(ModelProgram program)
    {
        ExplorationResult result = Explorer.Explore(program, new ExplorationOptions { MaximumExecutions = 300_000 });
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        result.ThrowIfFailed();
    }
}
