using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.Memory;
using RingKit.Properties.DirtyRings.Conformance;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>P14: flags set on entries that were never published stop a harvest, are counted, and wedge nothing.</summary>
public sealed class ForgedEntries
{
    [Fact]
    public void P14_a_forged_dirty_is_not_followed_and_the_ring_still_works()
    {
        using var rig = new RingRig(4, startIndex: uint.MaxValue);
        foreach (ref DirtyGfn entry in rig.Memory)
            entry.Flags = DirtyGfn.Dirty;

        Assert.Equal(0, rig.Harvester.Harvest(new DirtyGfn[4]));
        Assert.Equal(0, rig.Harvester.Borrow().Count);
        Assert.Equal(2UL, rig.Harvester.ForgedEntries);

        var target = new SlotsTarget(HostileRing.Slots);
        for (ulong page = 0; page < 40; page++)
        {
            var destination = new DirtyGfn[4];
            Assert.Equal(PushResult.Pushed, rig.Producer.TryPush(0, page));
            Assert.Equal((1, page), (rig.Harvester.Harvest(destination), destination[0].Offset));
            Assert.Equal(1, rig.Resetter.Reset(ref target).Entries);
        }
    }

    [Fact]
    public void P14_forged_flags_ahead_of_the_producer_change_nothing_but_a_counter() => Props.Check(
        Prop.ForAll<(byte, byte)[], byte>((steps, size) =>
        {
            using var rig = new RingRig(1 << (size % 6), startIndex: uint.MaxValue - 20);
            using var script = new RingScript(new SlotPublishedUnderTest(rig));
            foreach ((byte party, byte amount) in steps)
            {
                // Every free entry claims to be published, or to be harvested.
                ForgeFree(rig, party % 4 == 3 ? DirtyGfn.Reset : DirtyGfn.Dirty);
                script.Step(party, amount);
            }

            script.Drain();
            IEnumerable<ulong> pushed = Enumerable.Range(0, (int)script.Accepted).Select(sequence => (ulong)sequence);
            return script.Harvested.SequenceEqual(pushed) && script.Reset.SequenceEqual(pushed) && rig.Core.Used == 0;
        }),
        nameof(P14_forged_flags_ahead_of_the_producer_change_nothing_but_a_counter),
        maxTest: 400);

    [Fact]
    public void P14_a_vcpu_that_stops_at_the_soft_limit_runs_again_after_a_forged_reset()
    {
        using var rig = new RingRig(8, reserve: 4);
        var target = new SlotsTarget(HostileRing.Slots);
        rig.Producer.TryPush(0, 1);
        rig.Memory[0].Flags = DirtyGfn.Reset;
        Assert.Equal(1, rig.Resetter.Reset(ref target).Entries);

        for (ulong lap = 0; lap < 20; lap++)
        {
            ulong page = 10;
            while (rig.Producer.TryPush(0, page) == PushResult.Pushed)
                page++;
            int harvested = rig.Harvester.Harvest(new DirtyGfn[8]) + rig.Harvester.Harvest(new DirtyGfn[8]);
            Assert.Equal(4, harvested);
            Assert.Equal(4, rig.Resetter.Reset(ref target).Entries);
            Assert.Equal(1UL, rig.Harvester.OvertakenEntries);
        }
    }

    [Fact]
    public void A_ring_whose_producer_is_elsewhere_follows_the_flags_alone()
    {
        using var block = new NativeBlock<DirtyGfn>(4);
        using var ring = DirtyRing.AttachToProducer(block.View);
        Assert.Throws<InvalidOperationException>(() => ring.Producer.TryPush(1, 1));
        Assert.Throws<InvalidOperationException>(() => ring.Used);

        var target = new SlotsTarget(HostileRing.Slots);
        for (uint page = 0; page < 11; page++)
        {
            block[page % 4] = new DirtyGfn { Flags = DirtyGfn.Dirty, Slot = 0, Offset = page };
            Assert.Equal(1, ring.Harvester.Borrow().Count);
            Assert.Equal(1, ring.Harvester.Harvest(new DirtyGfn[4]));
            Assert.Equal(DirtyGfn.Reset, block[page % 4].Flags);
            Assert.Equal(1, ring.Resetter.Reset(ref target).Entries);
            Assert.Equal(0u, block[page % 4].Flags);
        }

        Assert.Equal(11, target.Pages.Count);
        Assert.Equal((0UL, 0UL, 0UL), (ring.Harvester.ForgedEntries, ring.Harvester.OvertakenEntries, ring.Resetter.ForgedResets));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_ring_whose_producer_is_elsewhere_has_a_power_of_two_of_entries(int length)
    {
        using var block = new NativeBlock<DirtyGfn>((nuint)length);
        Assert.Throws<ArgumentOutOfRangeException>("entries", () => DirtyRing.AttachToProducer(block.View));
    }

    private static void ForgeFree(RingRig rig, uint flags)
    {
        for (uint i = rig.Core.Used; i < rig.Core.Capacity; i++)
            rig.At(unchecked(rig.Core.Control.ResetIndex + i)).Flags = flags;
    }
}
