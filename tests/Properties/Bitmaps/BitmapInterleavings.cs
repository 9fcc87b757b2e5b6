using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using Xunit;
using static RingKit.Properties.Bitmaps.BitmapOperation;

namespace RingKit.Properties.Bitmaps;

/// <summary>The dirty bitmap in all executions of small programs: no mark is lost, and each brings the store behind it.</summary>
public class BitmapInterleavings
{
    [Fact]
    public void A_mark_is_taken_once_with_the_store_behind_it() => RunAll([TryMark(0), TryMark(0)], [Masks, Runs]);

    [Fact]
    public void Two_writers_of_one_page_lose_nothing() => RunAll([Mark(1)], [Mark(1)], [Masks]);

    [Fact]
    public void A_writer_of_neighbouring_pages_races_with_every_form_of_harvest()
    {
        RunAll([TryMark(0), TryMark(1), TryMark(0)], [Masks]);
        RunAll([TryMark(0), TryMark(1), TryMark(0)], [Runs]);
        RunAll([TryMark(0), TryMark(1), TryMark(0)], [Indices(1), Indices(1)]);
        RunAll([TryMark(0), TryMark(1), TryMark(0)], [Indices(2), Indices(1)]);
    }

    [Fact]
    public void A_range_across_a_word_edge_races_with_every_form_of_harvest()
    {
        RunAll([MarkRange(62, 4)], [Masks]);
        RunAll([MarkRange(62, 4)], [Runs, Runs]);
        RunAll([MarkRange(63, 2), Mark(63)], [Indices(1), Indices(3)]);
        RunAll([MarkRange(63, 2)], [Mark(64)], [Runs]);
    }

    [Fact]
    public void Who_sees_a_page_dirty_sees_the_store() => RunAll([Mark(0), TryMark(65)], [Look(65), Look(0)], [Masks]);

    [Fact]
    public void Who_finds_a_page_in_a_snapshot_sees_the_store() => RunAll([Mark(0), TryMark(65)], [Snapshot], [Masks]);

    [Fact]
    public void What_a_sink_refused_is_dirty_again()
    {
        RunAll([Mark(0), Mark(1)], [new(BitmapAction.HarvestRefused), Masks]);
        RunAll([Mark(0), new(BitmapAction.LookForReturn)], [new(BitmapAction.HarvestRefused)]);
    }

    // docs/bitmaps.md: the store may still be under way when the harvester takes the bit, and then nobody looks again.
    [Fact]
    public void A_mark_that_is_skipped_since_the_page_is_dirty_loses_a_store()
    {
        ExplorationResult result = Litmus.Fails(
            BitmapProgram.Of([Mark(0), new(BitmapAction.MarkUnlessDirty)], [Masks]), FailureKind.Assertion);
        Assert.Contains("lacks a store", result.Failure!.Message, StringComparison.Ordinal);
    }

    private static void RunAll(params BitmapOperation[][] threads)
    {
        ExplorationResult result = Explorer.Explore(BitmapProgram.Of(threads)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
