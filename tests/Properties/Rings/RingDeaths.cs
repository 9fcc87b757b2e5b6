using System.Diagnostics;
using RingKit.Memory;
using RingKit.Properties.Support;
using RingKit.Rings;
using RingKit.Rings.Waiting;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>A process is killed (SIGKILL) in the middle of a claim or of a read. What was published stays, nobody hangs, and the others go on.</summary>
[Collection(RunAlone.Name)]
public sealed class RingDeaths
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    private static readonly BroadcastOptions TwoReaders = new() { MaximumReaders = 2 };

    [Fact]
    public void The_producer_in_mid_claim() => InFile(SpscRing<Item>.RequiredBytes(8), (path, mapping) =>
    {
        using var ring = SpscRing<Item>.Create(mapping.View, 8, new RingOptions { WhenFull = FullPolicy.Block });
        KillInRole(path, nameof(RingChild.ClaimAlone));
        Expect(ring.Consumer, 0, 1);
        Assert.Equal(WaitOutcome.TimedOut, ring.Consumer.WaitForItems<YieldingWait>(Short));

        // A new producer takes the slots of the claim for its own items.
        using var next = SpscRing<Item>.Attach(mapping.View);
        Assert.Equal(8, next.Producer.Push<YieldingWait>(Items(2, 9), Short));
        Expect(ring.Consumer, 2, 3, 4, 5, 6, 7, 8, 9);
        next.Producer.Complete();
        Assert.Equal(WaitOutcome.Completed, ring.Consumer.WaitForItems<YieldingWait>(Short));
        Assert.Equal((10UL, 0UL), (ring.Statistics.Consumed, ring.Statistics.ForeignIndices));
    });

    [Fact]
    public void One_of_many_producers_in_mid_claim() => InFile(MpscRing<Item>.RequiredBytes(8), (path, mapping) =>
    {
        using var ring = MpscRing<Item>.Create(mapping.View, 8, new RingOptions { WhenFull = FullPolicy.Block });
        KillInRole(path, nameof(RingChild.ClaimAmongMany));
        Assert.True(ring.Producer.TryPush(new Item(5)));
        Expect(ring.Consumer, 0, 1);

        // The consumer stops at the claim, and those who want room behind it wait as long as they said.
        Assert.Equal(WaitOutcome.TimedOut, ring.Consumer.WaitForItems<YieldingWait>(Short));
        Assert.Equal(4, ring.Producer.Push<YieldingWait>(Items(6, 10), Short));
        Assert.Equal(0, ring.Producer.Push<YieldingWait>(Items(10, 10), Short));
        ring.Producer.Complete();
        Assert.Equal(WaitOutcome.TimedOut, ring.Consumer.WaitForItems<YieldingWait>(Short));

        // That claim is lost and nothing else.
        for (int slot = 0; slot < 3; slot++)
            Assert.True(ring.Consumer.SkipUncommitted());
        Assert.False(ring.Consumer.SkipUncommitted());
        Expect(ring.Consumer, 5, 6, 7, 8, 9);
        Assert.Equal(WaitOutcome.Completed, ring.Consumer.WaitForItems<YieldingWait>(Short));
        Assert.Equal((7UL, 7UL), (ring.Statistics.Published, ring.Statistics.Consumed));
    });

    [Fact]
    public void The_writer_in_mid_claim() => InFile(BroadcastRing<Item>.RequiredBytes(8), (path, mapping) =>
    {
        using var ring = BroadcastRing<Item>.Create(mapping.View, 8);
        using BroadcastReader<Item> reader = ring.Join();
        KillInRole(path, nameof(RingChild.ClaimForAll));
        Expect(reader, 0, 1);
        Assert.Equal(WaitOutcome.TimedOut, reader.WaitForItems<YieldingWait>(Short));

        using var next = BroadcastRing<Item>.Attach(mapping.View);
        Assert.Equal(2, next.Writer.Write<YieldingWait>(Items(2, 3), Short));
        Expect(reader, 2, 3);
    });

    [Theory]
    [InlineData(FullPolicy.Reject)]
    [InlineData(FullPolicy.Block)]
    [InlineData(FullPolicy.OverwriteOldest)]
    public void The_consumer_while_it_reads(FullPolicy policy) => InFile(SpscRing<Item>.RequiredBytes(4), (path, mapping) =>
    {
        using var ring = SpscRing<Item>.Create(mapping.View, 4, new RingOptions { WhenFull = policy });
        ring.Producer.TryPush(Items(0, 3));
        KillInRole(path, nameof(RingChild.PeekAlone));

        // What it was reading is not overwritten; a push waits no longer than it said.
        Assert.Equal(1, ring.Producer.Push<YieldingWait>(Items(4, 4), Short));
        Assert.Equal(0, ring.Producer.Push<YieldingWait>(Items(5, 5), Short));

        // A new consumer sees it again, and unlocks the head when it releases it.
        using var next = SpscRing<Item>.Attach(mapping.View);
        Expect(next.Consumer, 1, 2, 3, 4);
        Assert.Equal(1, ring.Producer.Push<YieldingWait>(Items(5, 5), Short));
        Expect(next.Consumer, 5);
        Assert.Equal((6UL, 0UL), (ring.Statistics.Consumed, ring.Statistics.Dropped));
    });

    [Theory]
    [InlineData(FullPolicy.Reject)]
    [InlineData(FullPolicy.OverwriteOldest)]
    public void The_consumer_of_many_producers_while_it_reads(FullPolicy policy) => InFile(MpscRing<Item>.RequiredBytes(4), (path, mapping) =>
    {
        using var ring = MpscRing<Item>.Create(mapping.View, 4, new RingOptions { WhenFull = policy });
        ring.Producer.TryPush(Items(0, 3));
        KillInRole(path, nameof(RingChild.PeekOfMany));
        Assert.Equal(1, ring.Producer.Push<YieldingWait>(Items(4, 4), Short));
        Assert.Equal(0, ring.Producer.Push<YieldingWait>(Items(5, 5), Short));

        using var next = MpscRing<Item>.Attach(mapping.View);
        Expect(next.Consumer, 1, 2, 3, 4);
        Assert.Equal(1, ring.Producer.Push<YieldingWait>(Items(5, 5), Short));
        Expect(next.Consumer, 5);
    });

    [Theory]
    [InlineData(LaggardPolicy.Block)]
    [InlineData(LaggardPolicy.DropOldest)]
    [InlineData(LaggardPolicy.Detach)]
    public void One_of_many_readers_while_it_reads(LaggardPolicy policy) => InFile(BroadcastRing<Item>.RequiredBytes(4, TwoReaders), (path, mapping) =>
    {
        using var ring = BroadcastRing<Item>.Create(mapping.View, 4, TwoReaders with { WhenReaderLags = policy });
        using BroadcastReader<Item> other = ring.Join();
        using Process child = RingChild.Start(path, nameof(RingChild.PeekWithOthers));
        RingChild.AwaitReady(child);
        Assert.Equal(4, ring.Writer.TryWrite(Items(0, 3)));
        RingChild.Kill(child);
        Expect(other, 0, 1, 2, 3);

        // The writer does not pass it; it is reported, and thrown out.
        Assert.Equal(0, ring.Writer.Write<YieldingWait>(Items(4, 4), Short));
        ReaderLag dead = ring.Slowest;
        Assert.Equal((4UL, policy != LaggardPolicy.Block), (dead.Items, dead.IsReading));
        Assert.NotEqual(other.Id, dead.Reader);
        ring.Detach(dead.Reader);
        Assert.Equal(4, ring.Writer.Write<YieldingWait>(Items(4, 7), Short));
        Expect(other, 4, 5, 6, 7);

        // Its cursor waits for it to leave, which it never will, and goes to somebody else only when it is freed.
        Assert.Throws<InvalidOperationException>(() => ring.Join());
        Assert.True(ring.Free(dead.Reader));
        Assert.False(ring.Free(dead.Reader));
        using BroadcastReader<Item> next = ring.Join();
        Assert.Equal(dead.Reader, next.Id);
        Assert.False(ring.Free(next.Id));
        Assert.True(ring.Writer.TryWrite(new Item(8)));
        Expect(next, 8);
        Expect(other, 8);
    });

    private static void KillInRole(string path, string role)
    {
        using Process child = RingChild.Start(path, role);
        RingChild.Kill(child);
    }

    private static void InFile(nuint bytes, Action<string, SharedMapping> test)
    {
        string path = RingChild.NewPath();
        try
        {
            using SharedMapping mapping = SharedMapping.Create(path, bytes);
            test(path, mapping);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static Item[] Items(ulong first, ulong last)
    {
        var items = new Item[last - first + 1];
        for (int i = 0; i < items.Length; i++)
            items[i] = new Item(first + (uint)i);
        return items;
    }

    private static void Expect(SpscConsumer<Item> consumer, params ulong[] sequence)
    {
        foreach (ulong expected in sequence)
        {
            Assert.True(consumer.TryPop(out Item item));
            item.MustBe(expected);
        }

        Assert.False(consumer.TryPop(out _));
    }

    private static void Expect(MpscConsumer<Item> consumer, params ulong[] sequence)
    {
        foreach (ulong expected in sequence)
        {
            Assert.True(consumer.TryPop(out Item item));
            item.MustBe(expected);
        }

        Assert.False(consumer.TryPop(out _));
    }

    private static void Expect(BroadcastReader<Item> reader, params ulong[] sequence)
    {
        foreach (ulong expected in sequence)
        {
            Assert.True(reader.TryRead(out Item item, out ulong gap));
            item.MustBe(expected);
            Assert.Equal(0UL, gap);
        }

        Assert.False(reader.TryRead(out _, out _));
    }
}
