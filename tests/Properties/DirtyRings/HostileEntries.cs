using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>P14: whatever another party writes into the entries, nothing outside a slot is touched, nothing throws, and it is counted.</summary>
public sealed class HostileEntries
{
    [Fact]
    public void P14_hostile_entries_are_refused_and_counted()
    {
        (ulong Foreign, ulong ForgedEntries, ulong Overtaken, ulong ForgedResets, ulong Refused) seen = default;
        Props.Check(
            Prop.ForAll<(byte, byte, byte)[], (byte, byte)>((steps, ring) =>
            {
                uint start = ring.Item2 % 4 == 0 ? 0xfffffff0 : 0;
                using var pages = new HostileRing(1 << (ring.Item1 % 6), start, OutOfRangePolicy.RefusePages);
                using var batches = new HostileRing(1 << (ring.Item1 % 6), start, OutOfRangePolicy.RefuseBatch);
                foreach ((byte party, byte where, byte what) in steps)
                {
                    string? error = Step(pages, party, where, what) ?? Step(batches, party, where, what);
                    if (error is null && !batches.LastPages.IsSubsetOf(pages.LastPages))
                        error = "a refused batch reached pages that refused pages did not";
                    if (error is not null)
                        return false.Label(error);
                }

                seen.Foreign += pages.Counted.Foreign;
                seen.ForgedEntries += pages.Counted.ForgedEntries;
                seen.Overtaken += pages.Counted.Overtaken;
                seen.ForgedResets += pages.Counted.ForgedResets;
                seen.Refused += pages.Counted.Refused;
                return true.ToProperty();
            }),
            nameof(P14_hostile_entries_are_refused_and_counted),
            maxTest: 600,
            endSize: 200);

        Report.Line($"P14: foreign flags, forged and overtaken entries, forged resets, refused pages met: {seen}.");
        if (Environment.GetEnvironmentVariable(Props.MaxTestVariable) is null)
        {
            Assert.NotEqual(0UL, seen.Foreign);
            Assert.NotEqual(0UL, seen.ForgedEntries);
            Assert.NotEqual(0UL, seen.Overtaken);
            Assert.NotEqual(0UL, seen.ForgedResets);
            Assert.NotEqual(0UL, seen.Refused);
        }
    }

    [Fact]
    public void P14_scribbling_inside_a_harvest_or_reset_stays_inside_the_slots() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[], (byte, byte)>((steps, ring) =>
        {
            using var rig = new RingRig(1 << (ring.Item1 % 6), reserve: 0, ring.Item2 % 4 == 0 ? 0xfffffff0 : 0);
            var slots = new SlotsTarget(HostileRing.Slots);
            ulong refused = 0;
            foreach ((byte party, byte where, byte what) in steps)
            {
                var scribble = new ScribblingParty(rig, where, what, slots);
                switch (party % 4)
                {
                    case 0:
                        rig.Harvester.Harvest(ref scribble, what);
                        break;
                    case 1:
                        refused += (uint)rig.Resetter.Reset(ref scribble, what).RefusedPages;
                        break;
                    default:
                        rig.Producer.TryPush((uint)where % 3, what);
                        break;
                }
            }

            uint used = unchecked(rig.Core.Control.DirtyIndex - rig.Core.Control.ResetIndex);
            return (slots.Violations.Count == 0).Label(slots.Violations.FirstOrDefault() ?? "")
                .And(rig.Resetter.RefusedPages == refused)
                .And(used <= rig.Core.Capacity);
        }),
        nameof(P14_scribbling_inside_a_harvest_or_reset_stays_inside_the_slots),
        maxTest: 500,
        endSize: 200);

    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    [InlineData(0xfffffffeu)]
    public void P14_a_forged_reset_recycles_nothing_and_the_ring_still_works(uint flags)
    {
        using var rig = new RingRig(4);
        foreach (ref DirtyGfn entry in rig.Memory)
            entry.Flags = flags;

        var target = new SlotsTarget(HostileRing.Slots);
        Assert.Equal(default, rig.Resetter.Reset(ref target));
        Assert.Equal(1UL, rig.Resetter.ForgedResets);
        Assert.Equal(0u, rig.Core.Used);

        for (ulong page = 0; page < 40; page++)
        {
            Assert.Equal(PushResult.Pushed, rig.Producer.TryPush(0, page));
            Assert.Equal(1, rig.Harvester.Harvest(new DirtyGfn[4]));
            Assert.Equal(1, rig.Resetter.Reset(ref target).Entries);
        }

        Assert.Equal(40, target.Pages.Count);
    }

    [Theory]
    [InlineData(2u, 1, 1UL)]
    [InlineData(3u, 1, 1UL)]
    [InlineData(0xfffffffeu, 1, 1UL)]
    [InlineData(1u, 0, 0UL)]
    [InlineData(0xfffffffdu, 0, 0UL)]
    public void P14_bit_1_alone_says_harvested(uint flags, int entries, ulong pages)
    {
        using var rig = new RingRig(4);
        rig.Producer.TryPush(0, 5);
        rig.Memory[0].Flags = flags;
        var target = new SlotsTarget(HostileRing.Slots);
        Assert.Equal(entries, rig.Resetter.Reset(ref target).Entries);
        Assert.Equal(pages, (ulong)target.Pages.Count);
        Assert.Equal(0UL, rig.Resetter.ForgedResets);
    }

    [Theory]
    [InlineData(3u)]
    [InlineData(5u)]
    [InlineData(0x80000001u)]
    [InlineData(uint.MaxValue)]
    public void P14_foreign_flags_stop_a_harvest_and_a_loan(uint flags)
    {
        using var rig = new RingRig(4);
        rig.Producer.TryPush(0, 5);
        rig.Producer.TryPush(0, 6);
        rig.Memory[1].Flags = flags;
        Assert.Equal(1, rig.Harvester.Borrow().Count);
        Assert.Equal(1UL, rig.Harvester.ForeignFlags);
        Assert.Equal(1, rig.Harvester.Harvest(new DirtyGfn[4]));
        Assert.Equal(2UL, rig.Harvester.ForeignFlags);
    }

    private static string? Step(HostileRing ring, byte party, byte where, byte what)
    {
        switch (party % 8)
        {
            case 0 or 1:
                return ring.Push(where % 2u, what % 110u);
            case 2:
                return ring.Harvest(what % 40);
            case 3:
                return ring.Reset(what % 40);
            case 4 or 5:
                return ring.Harvest(40) ?? ring.Reset(40);
            default:
                Scribbler.Write(ring.Rig, where, what);
                return null;
        }
    }

    /// <summary>A sink and a target that write into the entries each time they are asked for something.</summary>
    private readonly struct ScribblingParty(RingRig rig, byte where, byte what, SlotsTarget slots) : IDirtyEntrySink, IResetTarget
    {
        public void Accept(uint slot, ulong offset) => Scribble(slot);

        public ulong PagesIn(uint slot)
        {
            Scribble(slot);
            return slots.PagesIn(slot);
        }

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            Scribble(slot);
            slots.Reset(slot, baseOffset, mask);
        }

        private void Scribble(uint salt)
        {
            for (int i = 0; i < 3; i++)
                Scribbler.Write(rig, (byte)(where + (i * 5)), (byte)(what + salt + (uint)i));
        }
    }
}
