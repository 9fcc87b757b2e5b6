using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using Xunit;

namespace RingKit.Properties.DirtyRings.Conformance;

/// <summary>What every dirty ring does, whatever publishes its entries.</summary>
public abstract partial class DirtyRingConformance
{
    private static readonly Dictionary<uint, ulong> OneSlot = new() { [1] = 1UL << 40 };

    /// <summary>Whether capacities that are no powers of two are allowed.</summary>
    private protected virtual bool AnyCapacity => false;

    private protected abstract IRingUnderTest Make(int capacity, int reserve, uint startIndex);

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
        using IRingUnderTest ring = Make(capacity, reserve);
        Assert.Equal((capacity, capacity - reserve), (ring.Capacity, ring.SoftLimit));
        for (int used = 1; used <= capacity; used++)
        {
            Assert.Equal(used >= capacity - reserve ? PushResult.SoftFull : PushResult.Pushed, ring.TryPush(1, (ulong)used));
            Assert.Equal(used, ring.Used);
        }

        Assert.Equal(0UL, ring.FullPushes);
        Assert.Equal(PushResult.Full, ring.TryPush(1, 0));
        Assert.Equal(PushResult.Full, ring.TryPush(1, 0));
        Assert.Equal(2UL, ring.FullPushes);
        Assert.Equal(Enumerable.Range(1, capacity).Select(page => (1u, (ulong)page)), HarvestAll(ring));
    }

    [Fact]
    public void Harvested_entries_still_fill_the_ring_until_they_are_reset()
    {
        using IRingUnderTest ring = Make(4, reserve: 1);
        var target = new SlotsTarget(OneSlot);
        for (ulong page = 0; page < 4; page++)
            ring.TryPush(1, page * 100);

        Assert.Equal(4, ring.Harvest(new DirtyGfn[4]));
        Assert.Equal(0, ring.Harvest(new DirtyGfn[4]));
        Assert.Equal((4, PushResult.Full), (ring.Used, ring.TryPush(1, 7)));

        Assert.Equal(1, ring.Reset(ref target, maximum: 1).Entries);
        Assert.Equal((3, PushResult.SoftFull), (ring.Used, ring.TryPush(1, 7)));
        Assert.Equal(PushResult.Full, ring.TryPush(1, 8));

        Assert.Equal(3, ring.Reset(ref target).Entries);
        Assert.Equal((1, PushResult.Pushed), (ring.Used, ring.TryPush(1, 8)));
    }

    [Fact]
    public void The_producer_asks_for_room_again_before_it_reports_soft_full()
    {
        // The producer's copy of the reset index is old here: what it remembers says full, the ring is empty.
        using IRingUnderTest ring = Make(8, reserve: 4);
        var target = new SlotsTarget(OneSlot);
        for (ulong lap = 0; lap < 5; lap++)
        {
            for (ulong page = 0; page < 3; page++)
                Assert.Equal(PushResult.Pushed, ring.TryPush(1, page));
            Assert.Equal(3, ring.Harvest(new DirtyGfn[8]));
            Assert.Equal(3, ring.Reset(ref target).Entries);
        }
    }

    [Fact]
    public void A_loan_across_the_end_comes_in_two_spans_and_is_released_once()
    {
        using IRingUnderTest ring = Make(4, reserve: 0);
        var target = new SlotsTarget(OneSlot);
        for (ulong page = 0; page < 3; page++)
            ring.TryPush(1, page);
        ring.Harvest(new DirtyGfn[3]);
        ring.Reset(ref target);
        for (ulong page = 10; page < 14; page++)
            ring.TryPush(1, page);

        Assert.Equal(2, ring.Borrow(2).Count);
        BorrowedEntries lent = ring.Borrow();
        Assert.Equal((1, 3, 4), (lent.First.Length, lent.Second.Length, lent.Count));
        Assert.Equal([10UL, 11UL, 12UL, 13UL], ((DirtyGfn[])[.. lent.First, .. lent.Second]).Select(entry => entry.Offset));
        lent.Release(1);
        Assert.Throws<InvalidOperationException>(() =>
        {
            BorrowedEntries again = ring.Borrow(2);
            again.Release(1);
            again.Release(1);
        });
        Assert.Equal(2, ring.Reset(ref target).Entries);
        Assert.Equal([(1u, 12UL), (1u, 13UL)], HarvestAll(ring));
    }

    [Fact]
    public void Bad_amounts_are_refused_by_name_and_change_nothing()
    {
        using IRingUnderTest ring = Make(4, reserve: 0);
        ring.TryPush(1, 5);
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () => ring.Borrow(-1).Release(0));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => ring.Borrow().Release(2));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => ring.Borrow().Release(-1));
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () =>
        {
            var sink = new EntryList([]);
            ring.Harvest(ref sink, -1);
        });
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () => Reset(-1, OutOfRangePolicy.RefuseBatch));
        Assert.Throws<ArgumentOutOfRangeException>("policy", () => Reset(1, (OutOfRangePolicy)2));
        Assert.Equal((0, 0), (ring.Harvest([]), ring.Borrow(0).Count));
        Assert.Equal([(1u, 5UL)], HarvestAll(ring));

        void Reset(int maximum, OutOfRangePolicy policy)
        {
            var target = new SlotsTarget(OneSlot);
            ring.Reset(ref target, maximum, policy);
        }
    }

    [Fact]
    public void Every_role_throws_after_dispose()
    {
        IRingUnderTest ring = Make(4, reserve: 1);
        ring.TryPush(1, 5);
        ring.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ring.TryPush(1, 1));
        Assert.Throws<ObjectDisposedException>(() => ring.Harvest(new DirtyGfn[4]));
        Assert.Throws<ObjectDisposedException>(() => ring.Harvest([]));
        Assert.Throws<ObjectDisposedException>(() => ring.Borrow().Release(0));
        Assert.Throws<ObjectDisposedException>(() =>
        {
            var target = new SlotsTarget(OneSlot);
            ring.Reset(ref target);
        });
        ring.Dispose();
    }

    [Fact]
    public void The_reset_of_one_ring_leaves_the_others_alone()
    {
        using IRingUnderTest first = Make(4, reserve: 0);
        using IRingUnderTest second = Make(4, reserve: 0);
        first.TryPush(1, 1);
        second.TryPush(1, 2);
        first.Harvest(new DirtyGfn[4]);
        second.Harvest(new DirtyGfn[4]);
        var target = new SlotsTarget(OneSlot);
        Assert.Equal(1, first.Reset(ref target).Entries);
        Assert.Equal((0, 1), (first.Used, second.Used));
        Assert.Equal([new ResetBatch(1, 1, 1)], target.Calls);
    }

    [Fact]
    public void Push_harvest_and_reset_allocate_nothing()
    {
        using IRingUnderTest ring = Make(128, reserve: 0);
        var destination = new DirtyGfn[128];
        Laps(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Laps(1000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Laps(int laps)
        {
            var target = default(NothingTarget);
            for (int lap = 0; lap < laps; lap++)
            {
                for (uint page = 0; page < 100; page++)
                    ring.TryPush(1, page * 3);
                BorrowedEntries lent = ring.Borrow(50);
                lent.Release(lent.Count);
                ring.Harvest(destination);
                ring.Reset(ref target, int.MaxValue, OutOfRangePolicy.RefusePages, default);
            }
        }
    }

    private static List<(uint Slot, ulong Offset)> HarvestAll(IRingUnderTest ring)
    {
        var sink = new EntryList([]);
        int count = ring.Harvest(ref sink);
        Assert.Equal(count, sink.Entries.Count);
        return sink.Entries;
    }

    private IRingUnderTest Make(int capacity, int reserve) => Make(capacity, reserve, startIndex: 0);

    private struct NothingTarget : IResetTarget
    {
        public readonly ulong PagesIn(uint slot) => 1000;

        public readonly void Reset(uint slot, ulong baseOffset, ulong mask)
        {
        }
    }
}
