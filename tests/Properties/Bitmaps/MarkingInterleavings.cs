using RingKit.Bitmaps;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using Xunit;
using static RingKit.Properties.Bitmaps.BitmapOperation;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps;

/// <summary>The disciplines that skip marks, in all executions of small programs: the copy of a page never lacks the store of a skipped mark.</summary>
public class MarkingInterleavings
{
    [Fact]
    public void A_skipped_mark_behind_a_fence_loses_nothing() => RunAll<TestBehindFence>();

    [Fact]
    public void A_skipped_mark_loses_nothing_where_the_harvest_fences_the_process() => RunAll<TestBeforeBarrier>();

    // E5: a store of all ones would cost less than an or, and set the same bits. But it ends the release sequence of another writer's or:
    // who takes the word from it need not see that writer's store.
    [Fact]
    public void Wholly_marked_words_of_a_range_are_not_stored_since_that_hides_another_writer()
    {
        Assert.Contains("lost", Explorer.Explore(WholeWord("store", w => O.StoreRelease(ref w.Y, ulong.MaxValue))).Outcomes.Keys);
        Assert.DoesNotContain("lost", Explorer.Explore(WholeWord("or", w => O.OrRelease(ref w.Y, ulong.MaxValue))).Outcomes.Keys);
    }

    private static ModelProgram<Words> WholeWord(string name, Action<Words> markAll) => Words.Program(
        name,
        w => (w.Y & 1) == 0 && w.R[1] == 0 ? "lost" : "kept",
        w => { O.StoreRelaxed(ref w.X, 1); O.OrRelease(ref w.Y, 1); },
        markAll,
        w => { w.R[0] = O.ExchangeAcquire(ref w.Y, 0); w.R[1] = O.LoadRelaxed(ref w.X); });

    private static void RunAll<TMarking>()
        where TMarking : struct, IMarking
    {
        RunAll<TMarking>([Mark(0), Mark(0)], [Masks, Masks]);
        RunAll<TMarking>([TryMark(0), TryMark(0)], [Runs]);
        RunAll<TMarking>([Mark(0), Mark(0)], [Indices(1), Indices(1)]);
        RunAll<TMarking>([Mark(1)], [Mark(1)], [Masks]);
        RunAll<TMarking>([Mark(64), MarkRange(63, 2)], [Masks]);
        RunAll<TMarking>([Mark(0), MarkRectangle(0)], [Runs]);
        RunAll<TMarking>([Mark(0), TryMarkRange(0, 2)], [new(BitmapAction.HarvestRefused), Masks]);
    }

    private static void RunAll<TMarking>(params BitmapOperation[][] threads)
        where TMarking : struct, IMarking
    {
        ExplorationResult result = Explorer.Explore(BitmapProgram.Of<TMarking>(threads)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
