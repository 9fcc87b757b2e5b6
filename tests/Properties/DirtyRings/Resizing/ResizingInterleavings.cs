using RingKit.Interleaving;
using Xunit;

namespace RingKit.Properties.DirtyRings.Resizing;

/// <summary>The dirty ring that changes its size, in all executions of small programs: in order, nothing lost, nothing invented.</summary>
public sealed class ResizingInterleavings
{
    [Fact]
    public void A_resize_meets_a_push() => RunAll(new(1, 1, 1) { Resizer = Resizer.Another });

    [Fact]
    public void The_harvester_may_be_the_one_who_resizes() => RunAll(new(2, 1, 2) { Resizer = Resizer.Harvester });

    [Fact]
    public void The_resetter_may_be_the_one_who_resizes() => RunAll(new(1, 1, 1) { Resizer = Resizer.Resetter, IsOneConsumer = false });

    [Fact]
    public void Three_parties_move_to_the_next_ring() => RunAll(new(2, 1, 1) { IsOneConsumer = false });

    [Fact]
    public void A_place_is_used_again() => RunAll(new(3, 1, 1, 1));

    private static void RunAll(ResizableScript script)
    {
        ExplorationResult result = Explorer.Explore(ResizableProgram.Of(script)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
