using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>A sink or a target that throws loses no page.</summary>
public sealed class ThrowingParties
{
    [Fact]
    public void The_entry_at_which_a_sink_throws_stays_in_the_ring()
    {
        using var rig = new RingRig(8);
        for (ulong page = 0; page < 5; page++)
            rig.Producer.TryPush(1, page);

        var sink = new ThrowingSink([], throwAt: 2);
        Assert.Throws<InvalidTimeZoneException>(() => rig.Harvester.Harvest(ref sink));
        Assert.Equal([0UL, 1UL], sink.Taken);
        Assert.Equal([DirtyGfn.Reset, DirtyGfn.Reset, DirtyGfn.Dirty], Flags(rig)[..3]);

        sink = new ThrowingSink(sink.Taken, throwAt: 99);
        Assert.Equal(3, rig.Harvester.Harvest(ref sink));
        Assert.Equal([0UL, 1UL, 2UL, 3UL, 4UL], sink.Taken);
    }

    [Theory]
    [InlineData(OutOfRangePolicy.RefusePages)]
    [InlineData(OutOfRangePolicy.RefuseBatch)]
    public void The_batch_at_which_a_target_throws_stays_harvested(OutOfRangePolicy policy)
    {
        // Three batches: 0..1, 100..101, 200.
        using var rig = new RingRig(8);
        foreach (ulong page in new ulong[] { 0, 1, 100, 101, 200 })
            rig.Producer.TryPush(1, page);
        rig.Harvester.Harvest(new DirtyGfn[8]);

        var target = new ThrowingTarget([], throwAt: 100);
        Assert.Throws<InvalidTimeZoneException>(() => rig.Resetter.Reset(ref target, policy: policy));
        Assert.Equal([new ResetBatch(1, 0, 3)], target.Applied);
        Assert.Equal(3u, rig.Core.Used);
        Assert.Equal([0u, 0u, DirtyGfn.Reset, DirtyGfn.Reset, DirtyGfn.Reset], Flags(rig)[..5]);

        target = new ThrowingTarget(target.Applied, throwAt: 999);
        Assert.Equal(new ResetResult(3, 2, 0), rig.Resetter.Reset(ref target, policy: policy));
        Assert.Equal([new ResetBatch(1, 0, 3), new ResetBatch(1, 100, 3), new ResetBatch(1, 200, 1)], target.Applied);
        Assert.Equal(0u, rig.Core.Used);
    }

    [Fact]
    public void A_target_that_always_throws_never_frees_an_entry()
    {
        using var rig = new RingRig(4);
        for (ulong page = 0; page < 4; page++)
            rig.Producer.TryPush(1, page);
        rig.Harvester.Harvest(new DirtyGfn[4]);
        for (int i = 0; i < 10; i++)
        {
            Assert.Throws<InvalidTimeZoneException>(() =>
            {
                var target = new ThrowingTarget([], throwAt: 0);
                rig.Resetter.Reset(ref target);
            });
            Assert.Equal(PushResult.Full, rig.Producer.TryPush(1, 9));
        }
    }

    private static uint[] Flags(RingRig rig)
    {
        uint[] flags = new uint[rig.Memory.Length];
        for (int i = 0; i < flags.Length; i++)
            flags[i] = rig.Memory[i].Flags;
        return flags;
    }

    private readonly struct ThrowingSink(List<ulong> taken, ulong throwAt) : IDirtyEntrySink
    {
        public List<ulong> Taken => taken;

        public void Accept(uint slot, ulong offset)
        {
            // A type that nothing in a ring would throw.
            if (offset == throwAt)
                throw new InvalidTimeZoneException();
            taken.Add(offset);
        }
    }

    private readonly struct ThrowingTarget(List<ResetBatch> applied, ulong throwAt) : IResetTarget
    {
        public List<ResetBatch> Applied => applied;

        public ulong PagesIn(uint slot) => 1000;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            if (baseOffset == throwAt)
                throw new InvalidTimeZoneException();
            applied.Add(new ResetBatch(slot, baseOffset, mask));
        }
    }
}
