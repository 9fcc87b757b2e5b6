using System.Diagnostics;
using RingKit.Properties.Support;
using RingKit.Rings;
using RingKit.Rings.Waiting;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>Real threads, more of them than cores too: every item arrives once, whole, and in its producer's order.</summary>
[Collection(RunAlone.Name)]
public sealed class RingThreads
{
    private const int Items = 400_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static TheoryData<int, bool> Shapes => new() { { 1, false }, { 8, false }, { 1024, false }, { 1, true }, { 64, true } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void One_producer_one_consumer(int capacity, bool sleeps)
    {
        int items = capacity == 1 ? Items / 10 : Items;
        using var ring = new SpscRing<Item>(capacity, new RingOptions { WhenFull = FullPolicy.Block, CanSleep = sleeps });
        Run($"spsc {capacity} {(sleeps ? "sleeping" : "yielding")}", items, () => ring.Statistics,
            ("producer", () =>
            {
                for (ulong i = 0; i < (ulong)items;)
                    i += (uint)Push(ring.Producer, i, sleeps);
                ring.Producer.Complete();
            }
        ),
            ("consumer", () => Assert.Equal((ulong)items, Consume(ring.Consumer, sleeps))));
    }

    [Theory]
    [InlineData(2, 1024, false)]
    [InlineData(2, 2, false)]
    [InlineData(3, 64, true)]
    public void Many_producers_one_consumer(int producers, int capacity, bool sleeps)
    {
        int items = Items / (capacity < 8 ? 10 : 2);
        using var ring = new MpscRing<Item>(capacity, new RingOptions { WhenFull = FullPolicy.Block, CanSleep = sleeps });
        int left = producers;
        var members = Enumerable.Range(0, producers).Select(producer => ($"producer {producer}", (Action)(() =>
        {
            // Single items, batches and claims by turns; the producer is in the high bits of its sequence numbers.
            var batch = new Item[5];
            for (ulong i = 0; i < (ulong)items;)
            {
                int count = (int)Math.Min(1 + (i % 5), (ulong)items - i);
                for (int k = 0; k < count; k++)
                    batch[k] = new Item(((ulong)producer << 32) + i + (uint)k);
                Span<Item> chunk = batch.AsSpan(0, count);
                int pushed = i % 3 != 0 ? Push(ring.Producer, chunk, sleeps) : ClaimAndCommit(ring.Producer, chunk);
                i += (uint)pushed;
            }

            if (Interlocked.Decrement(ref left) == 0)
                ring.Producer.Complete();
        })));
        Run($"mpsc {producers} producers {capacity} {(sleeps ? "sleeping" : "yielding")}", items * producers, () => ring.Statistics,
        [
            .. members,
            ("consumer", () =>
            {
                ulong[] next = new ulong[producers];
                while (Wait(ring.Consumer, sleeps) != WaitOutcome.Completed)
                {
                    while (ring.Consumer.TryPop(out Item item))
                        item.MustBe(((ulong)(item.Sequence >> 32) << 32) + next[item.Sequence >> 32]++);
                }

                Assert.All(next, count => Assert.Equal((ulong)items, count));
            }),
        ]);
    }

    [Theory]
    [InlineData(LaggardPolicy.Block, false)]
    [InlineData(LaggardPolicy.Block, true)]
    [InlineData(LaggardPolicy.DropOldest, false)]
    [InlineData(LaggardPolicy.Detach, false)]
    public void One_writer_three_readers(LaggardPolicy policy, bool sleeps)
    {
        using var ring = new BroadcastRing<Item>(
            256, new BroadcastOptions { WhenReaderLags = policy, MaximumReaders = 3, CanSleep = sleeps });
        BroadcastReader<Item>[] readers = [ring.Join(), ring.Join(), ring.Join()];
        ulong[] seen = new ulong[3];
        ulong[] lost = new ulong[3];
        var members = readers.Select((reader, n) => ($"reader {n}", (Action)(() =>
        {
            (seen[n], lost[n]) = ReadAll(reader, slow: n == 2, sleeps);
            reader.Dispose();
        })));
        Run($"broadcast {policy} {(sleeps ? "sleeping" : "yielding")}", Items, () => ring.Statistics,
        [
            ("writer", () =>
            {
                for (ulong i = 0; i < Items; i++)
                {
                    // Readers that are thrown out at once would prove nothing: let all keep pace for a while.
                    if (policy == LaggardPolicy.Detach && i < 10_000)
                        AwaitReaders(ring);
                    if (sleeps)
                        ring.Writer.Write<BlockingWait>([new Item(i)], Timeout.InfiniteTimeSpan);
                    else
                        ring.Writer.Write(new Item(i));
                }

                ring.Writer.Complete();
            }),
            .. members,
        ]);

        for (int n = 0; n < 3; n++)
        {
            if (policy == LaggardPolicy.Block)
                Assert.Equal(((ulong)Items, 0UL), (seen[n], lost[n]));
            else if (policy == LaggardPolicy.DropOldest)
                Assert.Equal((ulong)Items, seen[n] + lost[n]);
            else
                Assert.InRange(seen[n], 9_000UL, (ulong)Items);
        }
    }

    [Fact]
    public void Several_writers_take_turns()
    {
        using var ring = new BroadcastRing<Item>(64, new BroadcastOptions { ManyWriters = true });
        using BroadcastReader<Item> reader = ring.Join();
        const ulong Each = Items / 8;
        void Write(ulong writer)
        {
            for (ulong i = 0; i < Each; i++)
                ring.Writer.Write(new Item((writer << 32) + i));
        }

        Run("broadcast of two writers", (int)(2 * Each), () => ring.Statistics,
            ("writer 0", () => Write(0)),
            ("writer 1", () => Write(1)),
            ("reader", () =>
        {
            ulong[] next = new ulong[2];
            while (next[0] + next[1] < 2 * Each)
            {
                Assert.Equal(WaitOutcome.Ready, reader.WaitForItems<YieldingWait>(Deadline));
                while (reader.TryRead(out Item item, out _))
                    item.MustBe(((item.Sequence >> 32) << 32) + next[item.Sequence >> 32]++);
            }
        }
        ));
        Assert.Throws<InvalidOperationException>(() => ring.Writer.Claim(1).Abort());
    }

    [Fact]
    public void A_consumer_against_an_overwriting_producer()
    {
        using var ring = new SpscRing<Item>(64, new RingOptions { WhenFull = FullPolicy.OverwriteOldest });
        ulong taken = 0;
        Run("spsc overwriting", Items, () => ring.Statistics,
            ("producer", () =>
            {
                for (ulong i = 0; i < Items;)
                    i += ring.Producer.Push(new Item(i)) ? 1u : 0;
                ring.Producer.Complete();
            }
        ),
            ("consumer", () =>
            {
                ulong last = 0;
                while (ring.Consumer.Pop(out Item item))
                {
                    item.MustBe(item.Sequence);
                    if (taken++ != 0 && item.Sequence <= last)
                        throw new InvalidOperationException($"Item {item.Sequence} came after {last}.");
                    last = item.Sequence;
                }
            }
        ));
        Assert.Equal((ulong)Items, taken + ring.Statistics.Dropped);
        Assert.Equal(taken, ring.Statistics.Consumed);
    }

    [Fact]
    public void Overwriting_producers_lose_nothing_uncounted()
    {
        using var ring = new MpscRing<Item>(64, new RingOptions { WhenFull = FullPolicy.OverwriteOldest });
        ulong taken = 0;
        int left = 2;
        void Produce(ulong producer)
        {
            for (ulong i = 0; i < Items / 4;)
                i += ring.Producer.Push(new Item((producer << 32) + i)) ? 1u : 0;
            if (Interlocked.Decrement(ref left) == 0)
                ring.Producer.Complete();
        }

        Run("mpsc overwriting", Items / 2, () => ring.Statistics,
            ("producer 0", () => Produce(0)),
            ("producer 1", () => Produce(1)),
            ("consumer", () =>
            {
                ulong[] next = new ulong[2];
                while (ring.Consumer.Pop(out Item item))
                {
                    ulong producer = item.Sequence >> 32;
                    item.MustBe(item.Sequence);
                    Assert.True((uint)item.Sequence >= next[producer]);
                    next[producer] = (uint)item.Sequence + 1;
                    taken++;
                }
            }
        ));
        Assert.Equal((ulong)Items / 2, taken + ring.Statistics.Dropped);
    }

    private static (ulong Seen, ulong Lost) ReadAll(BroadcastReader<Item> reader, bool slow, bool sleeps)
    {
        ulong next = 0, seen = 0, lost = 0;
        var batch = new Item[16];
        while (true)
        {
            int count = slow ? reader.Read(batch, out ulong gap) : reader.TryRead(out batch[0], out gap) ? 1 : 0;
            next += gap;
            lost += gap;
            for (int i = 0; i < count; i++)
                batch[i].MustBe(next++);
            seen += (uint)count;
            if (slow && seen % 64 == 0)
                Thread.Sleep(0);
            if (count != 0)
                continue;

            WaitOutcome outcome = sleeps
                ? reader.WaitForItems<BlockingWait>(Deadline)
                : reader.WaitForItems<YieldingWait>(Deadline);
            if (outcome is WaitOutcome.Completed or WaitOutcome.Detached)
                return (seen, lost);
            Assert.Equal(WaitOutcome.Ready, outcome);
        }
    }

    private static void AwaitReaders(BroadcastRing<Item> ring)
    {
        long since = Stopwatch.GetTimestamp();
        while (ring.Slowest.Items > 100)
        {
            Thread.Yield();
            if (Stopwatch.GetElapsedTime(since) > Deadline)
                throw new TimeoutException("The readers stopped.");
        }
    }

    private static int Push(SpscProducer<Item> producer, ulong next, bool sleeps) =>
        sleeps ? producer.Push<BlockingWait>([new Item(next)], Deadline) : producer.Push(new Item(next)) ? 1 : 0;

    private static int Push(MpscProducer<Item> producer, ReadOnlySpan<Item> items, bool sleeps) =>
        sleeps ? producer.Push<BlockingWait>(items, Deadline) : producer.Push(items);

    private static int ClaimAndCommit(MpscProducer<Item> producer, ReadOnlySpan<Item> items)
    {
        if (producer.WaitForRoom<YieldingWait>(1, Deadline) != WaitOutcome.Ready)
            throw new TimeoutException("There was no room.");
        using RingClaim<Item> claim = producer.Claim(items.Length);
        int count = claim.Count;
        items[..claim.First.Length].CopyTo(claim.First);
        items[claim.First.Length..count].CopyTo(claim.Second);
        int commit = (count + 1) / 2;
        claim.Commit(commit);
        return commit;
    }

    private static WaitOutcome Wait(MpscConsumer<Item> consumer, bool sleeps) =>
        sleeps ? consumer.WaitForItems<BlockingWait>(Deadline) : consumer.WaitForItems<YieldingWait>(Deadline);

    private static ulong Consume(SpscConsumer<Item> consumer, bool sleeps)
    {
        ulong next = 0;
        while ((sleeps ? consumer.WaitForItems<BlockingWait>(Deadline) : consumer.WaitForItems<YieldingWait>(Deadline))
            == WaitOutcome.Ready)
        {
            while (consumer.TryPop(out Item item))
                item.MustBe(next++);
        }

        Assert.True(consumer.IsCompleted);
        return next;
    }

    private static void Run(string name, int items, Func<RingStatistics> statistics, params (string, Action)[] members)
    {
        var clock = Stopwatch.StartNew();
        new Crew(Deadline).Run(members);
        RingStatistics counted = statistics();
        Report.Line(
            $"RingThreads: {name}, {items} items in {clock.ElapsedMilliseconds} ms; {counted.Dropped} dropped, "
            + $"at most {counted.HighWaterMark} waiting, waits {counted.ProducerWaits} and {counted.ConsumerWaits}.");
        Assert.Equal(0UL, counted.ForeignIndices);
    }
}
