using RingKit.DirtyRings;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>What a push reports on the way to a full ring and back.</summary>
public sealed class SoftLimit
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(8, 0)]
    [InlineData(8, 3)]
    [InlineData(8, 7)]
    [InlineData(256, 64)]
    public void A_push_reports_soft_full_from_the_limit_on_and_full_at_the_capacity(int capacity, int reserve)
    {
        using var ring = new DirtyRing(capacity, reserve);
        DirtyRingProducer producer = ring.Producer;
        for (int used = 1; used <= capacity; used++)
        {
            Assert.Equal(used >= capacity - reserve ? PushResult.SoftFull : PushResult.Pushed, producer.TryPush(1, (ulong)used));
            Assert.Equal((used, capacity - used), (ring.Used, producer.Room));
            Assert.Equal(used >= capacity - reserve, producer.IsSoftFull);
        }

        Assert.Equal(0UL, ring.FullPushes);
        Assert.Equal(PushResult.Full, producer.TryPush(1, 0));
        Assert.Equal(PushResult.Full, producer.TryPush(1, 0));
        Assert.Equal(2UL, ring.FullPushes);
    }

    [Fact]
    public void A_full_push_stores_nothing_and_loses_nothing()
    {
        using var rig = new RingRig(4);
        for (uint page = 0; page < 4; page++)
            rig.Producer.TryPush(1, page);
        DirtyGfn[] before = rig.Memory.ToArray();

        Assert.Equal(PushResult.Full, rig.Producer.TryPush(2, 99));
        Assert.Equal(before, rig.Memory.ToArray());

        var destination = new DirtyGfn[8];
        Assert.Equal(4, rig.Harvester.Harvest(destination));
        Assert.Equal([0UL, 1UL, 2UL, 3UL], destination[..4].Select(entry => entry.Offset));
        Assert.All(destination[..4], entry => Assert.Equal((DirtyGfn.Dirty, 1u), (entry.Flags, entry.Slot)));
    }

    [Fact]
    public void Harvested_entries_still_fill_the_ring_until_they_are_reset()
    {
        using var ring = new DirtyRing(4, reservedEntries: 1);
        var target = new SlotsTarget(new Dictionary<uint, ulong> { [1] = 1000 });
        for (ulong page = 0; page < 4; page++)
            ring.Producer.TryPush(1, page * 100);

        Assert.Equal(4, ring.Harvester.Harvest(new DirtyGfn[4]));
        Assert.Equal(0, ring.Harvester.Harvest(new DirtyGfn[4]));
        Assert.Equal((4, 0), (ring.Used, ring.Producer.Room));
        Assert.True(ring.Producer.IsSoftFull);
        Assert.Equal(PushResult.Full, ring.Producer.TryPush(1, 7));

        Assert.Equal(1, ring.Resetter.Reset(ref target, maximum: 1).Entries);
        Assert.Equal((3, 1), (ring.Used, ring.Producer.Room));
        Assert.True(ring.Producer.IsSoftFull);
        Assert.Equal(PushResult.SoftFull, ring.Producer.TryPush(1, 7));
        Assert.Equal(PushResult.Full, ring.Producer.TryPush(1, 8));

        Assert.Equal(3, ring.Resetter.Reset(ref target).Entries);
        Assert.Equal((1, 3), (ring.Used, ring.Producer.Room));
        Assert.False(ring.Producer.IsSoftFull);
        Assert.Equal(PushResult.Pushed, ring.Producer.TryPush(1, 8));
    }

    [Fact]
    public void The_producer_asks_for_room_again_before_it_reports_soft_full()
    {
        // The producer's copy of the reset index is old here: what it remembers says full, the ring is empty.
        using var ring = new DirtyRing(8, reservedEntries: 4);
        var target = new SlotsTarget(new Dictionary<uint, ulong> { [1] = 1000 });
        for (ulong lap = 0; lap < 5; lap++)
        {
            for (ulong page = 0; page < 3; page++)
                Assert.Equal(PushResult.Pushed, ring.Producer.TryPush(1, page));
            Assert.Equal(3, ring.Harvester.Harvest(new DirtyGfn[8]));
            Assert.Equal(3, ring.Resetter.Reset(ref target).Entries);
        }
    }
}
