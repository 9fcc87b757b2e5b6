using RingKit.Interleaving;
using Xunit;

namespace RingKit.Properties.DirtyRings.IndexPublished;

/// <summary>The index-published dirty ring in all executions of small programs: in order, nothing lost, nothing invented, nothing torn.</summary>
public sealed class IndexPublishedInterleavings
{
    [Theory]
    [InlineData(1, 2, 0u)]
    [InlineData(2, 3, 0u)]
    [InlineData(2, 3, uint.MaxValue)]
    public void Two_parties_hand_every_entry_round(int capacity, int total, uint start) => RunAll(new(capacity, total) { Start = start });

    [Fact]
    public void Three_parties_hand_every_entry_round() => RunAll(new(1, 2) { IsOneConsumer = false });

    // With the indices read in the other order their distance may be that of a ring nearly full.
    [Fact]
    public void Used_is_never_more_than_was_pushed() => RunAll(new(4, 1) { IsObserved = true });

    [Fact]
    public void An_index_that_was_forged_is_put_right_with_what_it_publishes() => RunAll(new(2, 1) { IsForeign = true, IsForged = true });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Two_producers_take_turns(int capacity) => RunAll(new(capacity, 1, 1));

    private static void RunAll(IndexPublishedScript script)
    {
        ExplorationResult result = Explorer.Explore(ExploredIndexPublishedRing.Of(script)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
