using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.Properties.DirtyRings.Conformance;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.IndexPublished;

/// <summary>P14 for the indices: whatever another party leaves in them is bounded, counted, and not followed.</summary>
public sealed class HostileIndices
{
    [Theory]
    [InlineData(1u)]
    [InlineData(3u)]
    [InlineData(8u)]
    [InlineData(9u)]
    [InlineData(0x80000000u)]
    [InlineData(uint.MaxValue)]
    [InlineData(uint.MaxValue - 7)]
    public void A_fetch_index_that_runs_ahead_or_back_resets_nothing(uint distance)
    {
        // Used 0 of 8, after a lap across 2^32.
        using var rig = new IndexRig<PowerOfTwoIndexing>(8, startIndex: uint.MaxValue - 3);
        Laps(rig, 8);
        uint honest = rig.Fetch;
        rig.Fetch = unchecked(honest + distance);
        var target = new SlotsTarget(HostileRing.Slots);
        Assert.Equal(default, rig.Resetter.Reset(ref target));
        Assert.Equal((1UL, 0u), (rig.Resetter.ForgedFetches, rig.Core.Used));

        // An idle harvest puts it right.
        Assert.Equal(0, rig.Harvester.Harvest(new DirtyGfn[8]));
        Assert.Equal(honest, rig.Fetch);
        Laps(rig, 20);
        Assert.Equal(1UL, rig.Resetter.ForgedFetches);
    }

    [Fact]
    public void A_fetch_index_between_what_is_reset_and_what_is_published_is_believed_and_the_harvester_goes_on_behind_it()
    {
        using var rig = new IndexRig<PowerOfTwoIndexing>(8, reserve: 4);
        var target = new SlotsTarget(HostileRing.Slots);
        for (ulong page = 0; page < 4; page++)
            rig.Producer.TryPush(0, page * 2);
        rig.Fetch = 3;
        Assert.Equal(3, rig.Resetter.Reset(ref target).Entries);
        rig.Producer.TryPush(0, 50);

        var destination = new DirtyGfn[8];
        Assert.Equal(2, rig.Harvester.Harvest(destination));
        Assert.Equal((6UL, 50UL, 3UL), (destination[0].Offset, destination[1].Offset, rig.Harvester.OvertakenEntries));
        Assert.Equal(2, rig.Resetter.Reset(ref target).Entries);
        Laps(rig, 20);
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(8u)]
    [InlineData(9u)]
    [InlineData(0x7fffffffu)]
    [InlineData(uint.MaxValue)]
    public void An_avail_index_that_the_producer_has_not_reached_shows_nothing(uint distance)
    {
        using var rig = new IndexRig<PowerOfTwoIndexing>(8, startIndex: uint.MaxValue - 3);
        Laps(rig, 5);
        rig.Avail = unchecked(rig.Avail + distance);
        Assert.Equal(0, rig.Harvester.Harvest(new DirtyGfn[8]));
        Assert.Equal(0, rig.Harvester.Borrow().Count);
        Assert.Equal(2UL, rig.Harvester.ForgedAvails);
        Laps(rig, 20);
    }

    [Fact]
    public void P14_any_index_at_any_time_is_survived() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[], bool>((steps, power) => power ? Survives(steps, new IndexRig<PowerOfTwoIndexing>(8, 2, uint.MaxValue))
            : Survives(steps, new IndexRig<AnyCapacityIndexing>(7, 2, 13))),
        nameof(P14_any_index_at_any_time_is_survived),
        maxTest: 1000);

    private static FsCheck.Property Survives<TIndexing>((byte Party, byte Amount, byte What)[] steps, IndexRig<TIndexing> rig)
        where TIndexing : struct, IIndexing
    {
        using (rig)
        {
            var target = new SlotsTarget(HostileRing.Slots);
            foreach ((byte party, byte amount, byte what) in steps)
            {
                switch (party % 6)
                {
                    case 0 or 1:
                        for (int i = 0; i < amount % 6; i++)
                            rig.Producer.TryPush(0, what % 100u);
                        break;
                    case 2:
                        int harvested = rig.Harvester.Harvest(new DirtyGfn[amount % 12]);
                        if (harvested > rig.Core.Capacity)
                            return false.Label($"{harvested} entries harvested");
                        break;
                    case 3:
                        int reset = rig.Resetter.Reset(ref target, amount % 12).Entries;
                        if (reset > rig.Core.Capacity)
                            return false.Label($"{reset} entries reset");
                        break;
                    case 4:
                        rig.Fetch = Hostile(rig.Fetch, amount, what);
                        break;
                    default:
                        rig.Avail = Hostile(rig.Avail, amount, what);
                        break;
                }

                if (TIndexing.Distance(rig.Core.Control.ResetIndex, rig.Core.Control.DirtyIndex, rig.Core.Capacity) > rig.Core.Capacity)
                    return false.Label("more is used than the ring has");
            }

            // Left alone, the ring works again after a lap.
            for (int lap = 0; lap < 3; lap++)
            {
                rig.Producer.TryPush(0, 1);
                rig.Harvester.Harvest(new DirtyGfn[8]);
                rig.Resetter.Reset(ref target);
            }

            Laps(rig, 20);
            return (target.Violations.Count == 0).ToProperty();
        }
    }

    private static uint Hostile(uint value, byte amount, byte what) => (what % 4) switch
    {
        0 => unchecked(value + amount - 128),
        1 => unchecked(value + (amount % 9u)),
        2 => unchecked((amount + 1u) * 0x9e3779b9u),
        _ => amount % 16u,
    };

    private static void Laps<TIndexing>(IndexRig<TIndexing> rig, int count)
        where TIndexing : struct, IIndexing
    {
        var target = new SlotsTarget(HostileRing.Slots);
        var destination = new DirtyGfn[8];
        for (ulong page = 0; page < (ulong)count; page++)
        {
            Assert.NotEqual(PushResult.Full, rig.Producer.TryPush(0, page));
            Assert.Equal((1, page), (rig.Harvester.Harvest(destination), destination[0].Offset));
            Assert.Equal(1, rig.Resetter.Reset(ref target).Entries);
        }
    }
}
