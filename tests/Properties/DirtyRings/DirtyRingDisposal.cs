using RingKit.DirtyRings;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>After the ring is disposed every role says so and touches no entry.</summary>
public sealed class DirtyRingDisposal
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void Every_role_throws_after_dispose(int used)
    {
        // A block of the test's own keeps the memory, to see that nothing is written to it.
        using var block = new NativeBlock<DirtyGfn>(4);
        var ring = new DirtyRing(block.View, reservedEntries: 1);
        for (int page = 0; page < used; page++)
            ring.Producer.TryPush(1, (ulong)page);
        DirtyRingProducer producer = ring.Producer;
        DirtyRingHarvester harvester = ring.Harvester;
        DirtyRingResetter resetter = ring.Resetter;
        DirtyGfn[] before = block.View.AsSpan().ToArray();

        ring.Dispose();

        Assert.Throws<ObjectDisposedException>(() => producer.TryPush(1, 1));
        Assert.Throws<ObjectDisposedException>(() => ring.Producer.TryPush(1, 1));
        Assert.Throws<ObjectDisposedException>(() => harvester.Harvest(new DirtyGfn[4]));
        Assert.Throws<ObjectDisposedException>(() => harvester.Harvest([]));
        Assert.Throws<ObjectDisposedException>(() => harvester.Borrow().Release(0));
        Assert.Throws<ObjectDisposedException>(() =>
        {
            var target = new SlotsTarget(new Dictionary<uint, ulong>());
            resetter.Reset(ref target);
        });
        Assert.Equal(before, block.View.AsSpan().ToArray());
        Assert.Equal(0, producer.Room);
        Assert.Equal(used, ring.Used);
        Assert.Equal(4, ring.Capacity);
    }

    [Fact]
    public void A_loan_cannot_be_released_after_dispose()
    {
        using var block = new NativeBlock<DirtyGfn>(4);
        var ring = new DirtyRing(block.View, reservedEntries: 0);
        ring.Producer.TryPush(1, 1);
        Assert.Throws<ObjectDisposedException>(() =>
        {
            BorrowedEntries lent = ring.Harvester.Borrow();
            ring.Dispose();
            lent.Release(1);
        });
        Assert.Equal(DirtyGfn.Dirty, block[0].Flags);
    }

    [Fact]
    public void Dispose_may_be_repeated()
    {
        var ring = new DirtyRing(4, 0);
        ring.Dispose();
        ring.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ring.Producer.TryPush(1, 1));
    }
}
