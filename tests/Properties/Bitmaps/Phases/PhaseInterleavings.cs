using RingKit.Interleaving;
using Xunit;
using static RingKit.Properties.Bitmaps.Phases.PhaseOperation;

namespace RingKit.Properties.Bitmaps.Phases;

/// <summary>Two-phase harvests, clearing and cursors in all executions of small programs: a failed transfer loses nothing.</summary>
public class PhaseInterleavings
{
    [Fact]
    public void Marks_made_while_pages_are_held_stay_apart() => RunAll([Mark(0), Mark(0)], [Send, Send]);

    [Fact]
    public void What_a_failed_transfer_puts_back_merges_with_later_marks()
    {
        RunAll([Mark(0), Mark(1), Mark(0)], [SendInVain, Send]);
        RunAll([Mark(0), Mark(64)], [SendInVain, SendOne]);
        RunAll([Mark(0)], [Mark(0)], [SendInVain, Send]);
    }

    [Fact]
    public void Another_thread_may_put_back_what_is_being_sent()
    {
        RunAll([Mark(0), Mark(0)], [Send], [PutBack]);
        RunAll([Mark(0)], [Send, Send], [PutBack]);
    }

    [Fact]
    public void Another_thread_that_sees_a_page_held_sees_its_store() => RunAll([Mark(0)], [Take], [Read]);

    [Fact]
    public void A_second_take_joins_the_first() => RunAll([Mark(0), Mark(1), Mark(0)], [SendOne, Take, Send]);

    [Fact]
    public void Clearing_by_mask_takes_only_what_was_marked()
    {
        RunAll([Mark(0), Mark(1), Mark(0)], [Clear(0), Clear(1)]);
        RunAll([Mark(0)], [Mark(1)], [Clear(0), Clear(1)]);
    }

    [Fact]
    public void A_harvest_that_stops_and_goes_on_loses_nothing() => RunAll([Mark(1), Mark(0), Mark(64)], [HarvestOne, HarvestOne, HarvestOne]);

    private static void RunAll(params PhaseOperation[][] threads)
    {
        ExplorationResult result = Explorer.Explore(PhaseProgram.Of(threads)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
