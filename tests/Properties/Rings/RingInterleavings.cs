using RingKit.Interleaving;
using RingKit.Rings;
using Xunit;
using static RingKit.Properties.Rings.RingStep;

namespace RingKit.Properties.Rings;

/// <summary>The rings in all executions of small programs.</summary>
public class RingInterleavings
{
    [Fact]
    public void One_producer_and_one_consumer_pass_every_item_on()
    {
        RunAll(SpscProgram.Of(new(1, 3, [One], [One])));
        RunAll(SpscProgram.Of(new(2, 5, [One], [One])));
        RunAll(SpscProgram.Of(new(2, 5, [Batch(2), One], [InPlace(2)])));
        RunAll(SpscProgram.Of(new(4, 8, [Batch(4)], [Batch(4)]) { Completes = true }));
    }

    [Fact]
    public void The_oldest_items_are_dropped_and_counted_and_never_while_they_are_read()
    {
        RunAll(SpscProgram.Of(new(1, 2, [One], [One]) { Policy = FullPolicy.OverwriteOldest, Completes = true }));
        RunAll(SpscProgram.Of(new(1, 2, [One], [InPlace(1)]) { Policy = FullPolicy.OverwriteOldest, Completes = true }));
        RunAll(SpscProgram.Of(new(1, 2, [Batch(2)], [Batch(2)]) { Policy = FullPolicy.OverwriteOldest, Completes = true }));
    }

    [Theory]
    [InlineData(RingWaiting.Spin, 1, 3)]
    [InlineData(RingWaiting.Spin, 2, 5)]
    [InlineData(RingWaiting.Sleep, 1, 2)]
    [InlineData(RingWaiting.Sleep, 2, 2)]
    internal void No_wake_up_is_lost(RingWaiting waiting, int capacity, int total) =>
        RunAll(SpscProgram.Of(new(capacity, total, [One], [One]) { Policy = FullPolicy.Block, Waiting = waiting }));

    // Who waits for the rest has looked at the head, or at the readers: to the model, a wait for what was not looked at is a deadlock.
    [Fact]
    public void A_batch_larger_than_the_ring_passes_in_parts()
    {
        RunAll(SpscProgram.Of(new(1, 2, [Batch(2)], [One]) { Policy = FullPolicy.Block, Waiting = RingWaiting.Spin }));
        RunAll(MpscProgram.Of(new(1, [2], [Batch(2)], [One]) { Policy = FullPolicy.Block, Waiting = RingWaiting.Spin }));
        RunAll(MpscProgram.Of(new(4, [5], [Batch(5)], [InPlace(3)]) { Policy = FullPolicy.Block, Waiting = RingWaiting.Spin }));
        RunAll(BroadcastProgram.Of(new(1, 2, [Batch(2)], [One]) { Waiting = RingWaiting.Spin }));
    }

    [Fact]
    public void Two_producers_and_one_consumer_pass_every_item_on()
    {
        RunAll(MpscProgram.Of(new(1, [3], [One], [One])));
        RunAll(MpscProgram.Of(new(2, [1, 1], [One], [One])));
        RunAll(MpscProgram.Of(new(1, [1, 1], [One], [InPlace(1)])));
        RunAll(MpscProgram.Of(new(2, [2], [Batch(2)], [Batch(2)]) { Completes = true }));
        RunAll(MpscProgram.Of(new(1, [2], [One], [One]) { Policy = FullPolicy.OverwriteOldest }));
        RunAll(MpscProgram.Of(new(1, [1], [One], [One]) { Policy = FullPolicy.OverwriteOldest, Aborts = true }));
    }

    [Fact]
    public void Every_reader_sees_every_item_or_the_length_of_the_gap()
    {
        RunAll(BroadcastProgram.Of(new(1, 1, [One], [One]) { Readers = 2 }));
        RunAll(BroadcastProgram.Of(new(2, 4, [Batch(2)], [Batch(2)])));
        RunAll(BroadcastProgram.Of(new(2, 3, [Batch(2)], [One]) { Policy = LaggardPolicy.DropOldest }));
        RunAll(BroadcastProgram.Of(new(1, 2, [One], [One]) { Policy = LaggardPolicy.DropOldest }));
        RunAll(BroadcastProgram.Of(new(1, 2, [One], [One]) { Policy = LaggardPolicy.Detach }));
        RunAll(BroadcastProgram.Of(new(1, 2, [One], [One]) { Joins = true }));
    }

    // A writer that sleeps for room has to hear of the reader whose joining made it. Too many executions for all of them.
    [Fact]
    public void A_reader_that_joins_wakes_the_writer_that_it_made_room_for()
    {
        ModelProgram program = BroadcastProgram.Of(new(1, 2, [One], [One]) { Joins = true, Readers = 2, Waiting = RingWaiting.Sleep });
        ulong seed = (ulong)Environment.TickCount64;
        ExplorationResult result = Explorer.Sample(program, seed, LongRun.IsOn ? 1_000_000 : 5_000);
        TestContext.Current.TestOutputHelper?.WriteLine($"{result}, seed {seed}");
        result.ThrowIfFailed();
    }

    private static void RunAll(ModelProgram program)
    {
        var options = new ExplorationOptions { MaximumExecutions = LongRun.IsOn ? long.MaxValue : 20_000 };
        ExplorationResult result = Explorer.Explore(program, options).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete, result.ToString());
    }
}
