using RingKit.Memory;
using RingKit.Rings;
using RingKit.Rings.Waiting;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>Bad input is refused with the standard exceptions, and what is disposed is not touched.</summary>
public sealed class RingArguments
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(1 << 28)]
    public void Capacities_are_powers_of_two_up_to_2_to_the_27(int capacity)
    {
        Assert.Throws<ArgumentOutOfRangeException>(nameof(capacity), () => new SpscRing<Item>(capacity));
        Assert.Throws<ArgumentOutOfRangeException>(nameof(capacity), () => new MpscRing<Item>(capacity));
        Assert.Throws<ArgumentOutOfRangeException>(nameof(capacity), () => new BroadcastRing<Item>(capacity));
        Assert.Throws<ArgumentOutOfRangeException>(nameof(capacity), () => SpscRing<Item>.RequiredBytes(capacity));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpscRing<Item>(8, new RingOptions { WhenFull = (FullPolicy)3 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MpscRing<Item>(8, new RingOptions { WhenFull = (FullPolicy)(-1) }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new BroadcastRing<Item>(8, new BroadcastOptions { WhenReaderLags = (LaggardPolicy)3 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BroadcastOptions { MaximumReaders = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BroadcastOptions { MaximumReaders = 1025 });
    }

    [Fact]
    public void Readers_are_numbered()
    {
        using var ring = new BroadcastRing<Item>(8, new BroadcastOptions { MaximumReaders = 2 });
        foreach (int reader in new[] { -1, 2, int.MaxValue })
        {
            Assert.Throws<ArgumentOutOfRangeException>(nameof(reader), () => ring.Detach(reader));
            Assert.Throws<ArgumentOutOfRangeException>(nameof(reader), () => ring.Free(reader));
        }

        // Nobody has joined.
        ring.Detach(1);
        Assert.False(ring.Free(1));
    }

    [Fact]
    public void Memory_must_be_aligned_and_long_enough()
    {
        nuint bytes = SpscRing<Item>.RequiredBytes(8);
        using var block = new NativeBlock<byte>(bytes + 128);
        Assert.Throws<ArgumentException>("memory", () => SpscRing<Item>.Create(block.View.Slice(0, bytes - 1), 8));
        Assert.Throws<ArgumentException>("memory", () => SpscRing<Item>.Create(block.View.Slice(64, bytes), 8));
        Assert.Throws<ArgumentException>("memory", () => SpscRing<Item>.Attach(block.View.Slice(64, bytes)));
        Assert.Throws<InvalidDataException>(() => SpscRing<Item>.Attach(block.View.Slice(0, 128)));
        using var ring = SpscRing<Item>.Create(block.View.Slice(128, bytes), 8);
        Assert.Equal(8, ring.Capacity);
    }

    [Fact]
    public void Claims_and_loans_end_once_and_with_what_they_hold()
    {
        using var ring = new SpscRing<Item>(4);
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () => { ring.Producer.Claim(-1); });
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () => { ring.Consumer.Peek(-1); });
        Assert.Throws<ArgumentOutOfRangeException>("count", () => ring.Producer.Claim(2).Commit(3));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => ring.Producer.Claim(2).Commit(-1));
        Assert.Throws<InvalidOperationException>(() =>
        {
            RingClaim<Item> claim = ring.Producer.Claim(2);
            claim.Commit(1);
            claim.Commit(1);
        });
        Assert.Throws<InvalidOperationException>(() =>
        {
            RingClaim<Item> claim = ring.Producer.Claim(2);
            ring.Producer.TryPush(new Item(1));
            claim.Commit(1);
        });
        Assert.Equal(2, ring.Count);
        Assert.Throws<ArgumentOutOfRangeException>("count", () => ring.Consumer.Peek().Release(3));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => ring.Consumer.Peek().Release(-1));
        Assert.Throws<InvalidOperationException>(() =>
        {
            RingLoan<Item> loan = ring.Consumer.Peek();
            loan.Release(1);
            loan.Release(1);
        });
        Assert.Equal(1, ring.Count);
    }

    [Fact]
    public void A_copy_of_a_claim_cannot_commit_again()
    {
        using var ring = new MpscRing<Item>(4);
        Assert.Throws<InvalidOperationException>(() =>
        {
            RingClaim<Item> claim = ring.Producer.Claim(2);
            RingClaim<Item> copy = claim;
            claim.Abort();
            copy.Commit(1);
        });
        Assert.False(ring.Consumer.TryPop(out _));
    }

    [Fact]
    public void Waits_are_checked()
    {
        using var ring = new SpscRing<Item>(4, new RingOptions { WhenFull = FullPolicy.Block });
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => ring.Consumer.WaitForItems<BusyWait>(TimeSpan.FromSeconds(-2)));
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => ring.Consumer.WaitForItems<BusyWait>(TimeSpan.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => ring.Producer.WaitForRoom<BusyWait>(0, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => ring.Producer.WaitForRoom<BusyWait>(5, TimeSpan.Zero));
        Assert.Throws<InvalidOperationException>(() => ring.Consumer.WaitForItems<BlockingWait>(TimeSpan.FromSeconds(5)));
        Assert.Equal(WaitOutcome.TimedOut, ring.Consumer.WaitForItems<BlockingWait>(TimeSpan.Zero));
    }

    [Fact]
    public void Every_end_throws_after_dispose_and_touches_nothing()
    {
        using var block = new NativeBlock<byte>(8192);
        NativeView<byte> memory = block.View;
        var spsc = SpscRing<Item>.Create(memory, 4);
        spsc.Producer.TryPush(new Item(1));
        spsc.Consumer.TryPop(out _);
        spsc.Producer.TryPush([new Item(2), new Item(3)]);
        byte[] before = memory.AsSpan().ToArray();
        spsc.Dispose();
        spsc.Dispose();
        Gone(() => spsc.Producer.TryPush(new Item(4)), () => spsc.Producer.TryPush([new Item(4)]), () => spsc.Producer.Claim(1).Abort());
        Gone(() => spsc.Producer.Complete(), () => _ = spsc.Producer.Room, () => spsc.Consumer.TryPop(out _));
        Gone(() => spsc.Consumer.TryPop(new Item[2]), () => spsc.Consumer.Peek().Release(), () => _ = spsc.Consumer.IsCompleted);
        Gone(() => _ = spsc.Count, () => _ = spsc.Statistics, () => spsc.Producer.Push(new Item(4)), () => spsc.Consumer.Pop(out _));
        Assert.Equal(before, memory.AsSpan().ToArray());

        var mpsc = new MpscRing<Item>(4);
        mpsc.Producer.TryPush([new Item(2), new Item(3)]);
        mpsc.Consumer.TryPop(out _);
        mpsc.Dispose();
        Gone(() => mpsc.Producer.TryPush(new Item(4)), () => mpsc.Producer.TryPush([new Item(4)]), () => mpsc.Producer.Claim(1).Abort());
        Gone(() => mpsc.Producer.Complete(), () => _ = mpsc.Producer.Room, () => mpsc.Consumer.Pop(out _));
        Gone(() => mpsc.Consumer.TryPop(out _));
        Gone(() => mpsc.Consumer.TryPop(new Item[2]), () => mpsc.Consumer.Peek().Release(), () => _ = mpsc.Consumer.IsCompleted);
        Gone(() => _ = mpsc.Count, () => _ = mpsc.Statistics, () => mpsc.Consumer.SkipUncommitted());

        var broadcast = new BroadcastRing<Item>(4);
        BroadcastReader<Item> reader = broadcast.Join();
        broadcast.Writer.TryWrite([new Item(2), new Item(3)]);
        reader.TryRead(out _, out _);
        broadcast.Dispose();
        Gone(() => broadcast.Writer.TryWrite(new Item(4)), () => broadcast.Writer.TryWrite([new Item(4)]));
        Gone(() => broadcast.Writer.Claim(1).Abort());
        Gone(() => broadcast.Writer.Complete(), () => broadcast.Join(), () => broadcast.Detach(0), () => broadcast.Free(0), () => _ = broadcast.Slowest);
        Gone(() => reader.TryRead(out _, out _), () => reader.Read(new Item[2], out _), () => reader.Peek().Release());
        Gone(() => _ = reader.IsDetached);
        Gone(() => _ = broadcast.Statistics, () => reader.WaitForItems<BusyWait>(TimeSpan.Zero));
        reader.Dispose();
    }

    [Fact]
    public void A_ring_keeps_the_memory_that_it_lies_in()
    {
        var block = new NativeBlock<byte>(SpscRing<Item>.RequiredBytes(4));
        using var ring = SpscRing<Item>.Create(block.View, 4);
        block.Dispose();
        Assert.True(ring.Producer.TryPush(new Item(1)));
        Assert.True(ring.Consumer.TryPop(out Item item));
        item.MustBe(1);
    }

    private static void Gone(params Action[] actions)
    {
        foreach (Action action in actions)
            Assert.Throws<ObjectDisposedException>(action);
    }
}
