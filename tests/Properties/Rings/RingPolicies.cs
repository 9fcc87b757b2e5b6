using FsCheck.Fluent;
using RingKit.Properties.Support;
using RingKit.Rings;
using RingKit.Rings.Waiting;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>What full rings do: reject, overwrite the oldest and count it, wait; and what becomes of broadcast readers that lag.</summary>
public sealed class RingPolicies
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void An_overwriting_ring_keeps_the_newest() => Props.Check(
        Prop.ForAll<(byte Push, byte Pop)[], byte>((steps, log) =>
        {
            int capacity = 1 << (log % 4);
            using var spsc = new SpscRing<Item>(capacity, new RingOptions { WhenFull = FullPolicy.OverwriteOldest });
            using var mpsc = new MpscRing<Item>(capacity, new RingOptions { WhenFull = FullPolicy.OverwriteOldest });
            var model = new Queue<ulong>();
            ulong next = 0, dropped = 0;
            foreach ((byte push, byte pop) in steps)
            {
                Item[] items = [.. Enumerable.Range(0, push % (3 * capacity)).Select(_ => new Item(next++))];
                foreach (Item item in items)
                    model.Enqueue(item.Sequence);
                for (; model.Count > capacity; dropped++)
                    model.Dequeue();
                Assert.Equal(items.Length, spsc.Producer.Push(items));
                Assert.Equal(items.Length, mpsc.Producer.Push(items));
                Assert.Equal((dropped, dropped), (spsc.Statistics.Dropped, mpsc.Statistics.Dropped));
                Assert.Equal((model.Count, model.Count), (spsc.Consumer.Available, mpsc.Consumer.Available));

                Item[] one = new Item[pop % (capacity + 1)], other = new Item[one.Length];
                int count = spsc.Consumer.TryPop(one);
                Assert.Equal(count, mpsc.Consumer.TryPop(other));
                Assert.Equal(Math.Min(one.Length, model.Count), count);
                for (int i = 0; i < count; i++)
                {
                    one[i].MustBe(model.Peek());
                    other[i].MustBe(model.Dequeue());
                }
            }

            return true;
        }),
        "RingPolicies.Overwrite");

    [Fact]
    public void What_is_being_read_is_never_overwritten()
    {
        using var ring = new SpscRing<Item>(2, new RingOptions { WhenFull = FullPolicy.OverwriteOldest });
        ring.Producer.Push([new Item(0), new Item(1)]);
        RingLoan<Item> loan = ring.Consumer.Peek();
        Assert.False(ring.Producer.Push(new Item(2)));
        loan.First[0].MustBe(0);
        loan.Release(1);
        Assert.True(ring.Producer.Push(new Item(2)));
        Assert.True(ring.Producer.Push(new Item(3)));
        Assert.Equal(1UL, ring.Statistics.Dropped);
        Assert.True(ring.Consumer.TryPop(out Item item));
        item.MustBe(2);
    }

    [Fact]
    public void A_claim_that_was_given_up_counts_as_neither_published_nor_dropped()
    {
        using var ring = new MpscRing<Item>(2, new RingOptions { WhenFull = FullPolicy.OverwriteOldest });
        ring.Producer.Claim(1).Abort();
        Assert.Equal(3, ring.Producer.Push([new Item(0), new Item(1), new Item(2)]));
        Assert.Equal((3UL, 1UL, 0UL), (ring.Statistics.Published, ring.Statistics.Dropped, ring.Statistics.Consumed));
        Assert.Equal(2, ring.Consumer.TryPop(new Item[2]));

        // A loan that is never released is met again; the claim before it is not.
        ring.Producer.Claim(1).Abort();
        ring.Producer.Push(new Item(3));
        _ = ring.Consumer.Peek();
        Assert.True(ring.Consumer.TryPop(out Item item));
        item.MustBe(3);
        Assert.Equal((4UL, 1UL, 3UL), (ring.Statistics.Published, ring.Statistics.Dropped, ring.Statistics.Consumed));
    }

    [Fact]
    public void A_loan_of_nothing_ends_without_a_trace()
    {
        using var spsc = new SpscRing<Item>(1, new RingOptions { WhenFull = FullPolicy.OverwriteOldest });
        RingLoan<Item> loan = spsc.Consumer.Peek();
        spsc.Producer.Push([new Item(0), new Item(1)]);
        loan.Release();
        Assert.Equal((1, 1UL), (spsc.Count, spsc.Statistics.Dropped));
        Assert.True(spsc.Consumer.TryPop(out Item item));
        item.MustBe(1);

        using var broadcast = new BroadcastRing<Item>(1, new BroadcastOptions { WhenReaderLags = LaggardPolicy.DropOldest });
        using BroadcastReader<Item> reader = broadcast.Join();
        loan = reader.Peek();
        broadcast.Writer.TryWrite([new Item(0), new Item(1)]);
        loan.Release();
        Assert.True(reader.TryRead(out item, out ulong gap));
        item.MustBe(1);
        Assert.Equal(1UL, gap);
    }

    [Fact]
    public void A_blocking_push_waits_for_its_time_and_no_longer()
    {
        using var ring = new SpscRing<Item>(2, new RingOptions { WhenFull = FullPolicy.Block, CanSleep = true });
        Item[] three = [new(0), new(1), new(2)];
        Assert.Equal(2, ring.Producer.Push<BlockingWait>(three, Short));
        Assert.Equal(0, ring.Producer.Push<YieldingWait>(three, Short));
        Assert.Equal(WaitOutcome.TimedOut, ring.Producer.WaitForRoom<BusyWait>(1, Short));
        Assert.Equal(2, ring.Consumer.TryPop(new Item[2]));
        Assert.Equal(WaitOutcome.Ready, ring.Producer.WaitForRoom<BlockingWait>(2, Short));
        Assert.Equal(WaitOutcome.TimedOut, ring.Consumer.WaitForItems<BlockingWait>(Short));
        Assert.NotEqual(0UL, ring.Statistics.ProducerWaits);
        Assert.NotEqual(0UL, ring.Statistics.ConsumerWaits);
    }

    [Fact]
    public void Readers_of_a_dropping_ring_see_every_item_or_the_gap() => Props.Check(
        Prop.ForAll<(byte Who, byte Amount)[], byte>((steps, log) =>
        {
            using var ring = new BroadcastRing<Item>(
                1 << (log % 6), new BroadcastOptions { WhenReaderLags = LaggardPolicy.DropOldest, MaximumReaders = 3 });
            var readers = new BroadcastReader<Item>?[3];
            ulong[] next = new ulong[3];
            ulong written = 0, gaps = 0;
            foreach ((byte who, byte amount) in steps)
            {
                int reader = who % 4;
                if (reader == 3)
                {
                    Item[] items = [.. Enumerable.Range(0, amount % (2 * ring.Capacity)).Select(_ => new Item(written++))];
                    Assert.Equal(items.Length, ring.Writer.TryWrite(items));
                }
                else if (readers[reader] is null)
                {
                    readers[reader] = ring.Join();
                    next[reader] = written;
                }
                else if (amount % 16 == 0)
                {
                    // What was dropped and not yet told counts too.
                    readers[reader]!.Read(new Item[1], out ulong last);
                    gaps += last;
                    readers[reader]!.Dispose();
                    readers[reader] = null;
                }
                else
                {
                    gaps += ReadOn(readers[reader]!, ref next[reader], amount % ring.Capacity, amount % 2 == 0, written);
                }
            }

            for (int reader = 0; reader < 3; reader++)
            {
                while (readers[reader] is { } last && next[reader] != written)
                    gaps += ReadOn(last, ref next[reader], 3, peeks: false, written);
            }

            return gaps == ring.Statistics.Dropped;
        }),
        "RingPolicies.Gaps");

    [Fact]
    public void A_reader_that_joins_after_completion_is_told_so()
    {
        using var ring = new BroadcastRing<Item>(4, new BroadcastOptions { MaximumReaders = 2 });
        using BroadcastReader<Item> early = ring.Join();
        ring.Writer.TryWrite(new Item(0));
        ring.Writer.Complete();
        string told = Assert.Throws<InvalidOperationException>(() => ring.Join()).Message;
        Assert.Contains("Join before Complete", told, StringComparison.Ordinal);

        // It has taken no place, and the reader that was there reads on.
        Assert.Equal(0, ring.Slowest.Reader);
        Assert.True(early.TryRead(out Item item, out _));
        item.MustBe(0);
        Assert.True(early.IsCompleted);
        early.Dispose();
        Assert.Equal(-1, ring.Slowest.Reader);
        Assert.Throws<InvalidOperationException>(() => ring.Join());
    }

    [Fact]
    public void A_laggard_is_detached_and_may_join_again()
    {
        using var ring = new BroadcastRing<Item>(4, new BroadcastOptions { WhenReaderLags = LaggardPolicy.Detach, MaximumReaders = 2 });
        using BroadcastReader<Item> quick = ring.Join();
        BroadcastReader<Item> slow = ring.Join();
        for (ulong i = 0; i < 5; i++)
        {
            Assert.True(ring.Writer.TryWrite(new Item(i)));
            Assert.True(quick.TryRead(out Item item, out ulong gap));
            item.MustBe(i);
            Assert.Equal(0UL, gap);
        }

        Assert.True(slow.IsDetached);
        Assert.False(slow.TryRead(out _, out _));
        Assert.Equal(WaitOutcome.Detached, slow.WaitForItems<BusyWait>(Short));
        Assert.Throws<InvalidOperationException>(() => ring.Join());
        slow.Dispose();
        Assert.Throws<ObjectDisposedException>(() => slow.TryRead(out _, out _));
        using BroadcastReader<Item> again = ring.Join();
        Assert.Equal(slow.Id, again.Id);
        Assert.False(again.TryRead(out _, out _));
        ring.Writer.Write(new Item(5));
        Assert.True(again.TryRead(out Item fifth, out _));
        fifth.MustBe(5);
    }

    [Theory]
    [InlineData(LaggardPolicy.Block)]
    [InlineData(LaggardPolicy.DropOldest)]
    [InlineData(LaggardPolicy.Detach)]
    public void A_reader_that_died_while_reading_is_reported_and_detached(LaggardPolicy policy)
    {
        using var ring = new BroadcastRing<Item>(4, new BroadcastOptions { WhenReaderLags = policy });
        using BroadcastReader<Item> quick = ring.Join();
        BroadcastReader<Item> dead = ring.Join();
        for (ulong i = 0; i < 4; i++)
            ring.Writer.Write(new Item(i));
        dead.Peek();
        quick.Read(new Item[4], out _);
        Assert.Equal(0, ring.Writer.Write<YieldingWait>([new Item(4)], Short));
        Assert.Equal(new ReaderLag(dead.Id, 4, policy != LaggardPolicy.Block), ring.Slowest);
        ring.Detach(ring.Slowest.Reader);
        Assert.Equal(1, ring.Writer.Write<YieldingWait>([new Item(4)], Short));
        Assert.True(dead.IsDetached);
    }

    [Fact]
    public void A_stalled_reader_makes_no_memory_grow()
    {
        using var ring = new BroadcastRing<Item>(64, new BroadcastOptions { WhenReaderLags = LaggardPolicy.DropOldest });
        using BroadcastReader<Item> stalled = ring.Join();
        ulong written = 0;
        long allocated = Allocated.By(() =>
        {
            for (int i = 0; i < 500_000; i++)
                ring.Writer.TryWrite(new Item(written++));
        });
        Assert.Equal(0, allocated);
        int left = stalled.Available;
        Assert.InRange(left, 1, 64);
        Assert.True(stalled.TryRead(out Item item, out ulong gap));
        Assert.Equal((written - (uint)left, item.Sequence), (gap, gap));
    }

    [Fact]
    public void A_claim_of_a_dead_producer_is_given_up_and_nothing_else()
    {
        using var ring = new MpscRing<Item>(8);
        Assert.False(ring.Consumer.SkipUncommitted());
        ring.Producer.TryPush(new Item(0));
        RingClaim<Item> dead = ring.Producer.Claim(2);
        Assert.Equal(2, dead.Count);
        ring.Producer.TryPush(new Item(3));
        Assert.False(ring.Consumer.SkipUncommitted());
        Assert.True(ring.Consumer.TryPop(out Item item));
        item.MustBe(0);
        Assert.Equal(WaitOutcome.TimedOut, ring.Consumer.WaitForItems<YieldingWait>(Short));
        Assert.True(ring.Consumer.SkipUncommitted());
        Assert.True(ring.Consumer.SkipUncommitted());
        Assert.False(ring.Consumer.SkipUncommitted());
        Assert.True(ring.Consumer.TryPop(out item));
        item.MustBe(3);
        Assert.Equal((2UL, 2UL), (ring.Statistics.Published, ring.Statistics.Consumed));
    }

    private static ulong ReadOn(BroadcastReader<Item> reader, ref ulong next, int amount, bool peeks, ulong written)
    {
        ulong gap;
        Item[] items;
        if (peeks)
        {
            RingLoan<Item> loan = reader.Peek(amount);
            gap = loan.Gap;
            items = [.. loan.First, .. loan.Second];
            loan.Release();
        }
        else
        {
            var destination = new Item[amount];
            items = destination[..reader.Read(destination, out gap)];
        }

        next += gap;
        foreach (Item item in items)
            item.MustBe(next++);
        Assert.True(next <= written);
        return gap;
    }
}
