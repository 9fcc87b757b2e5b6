using RingKit.DirtyRings;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>The rules of a loan: read in place, release a part or all, once.</summary>
public sealed class Borrowing
{
    [Fact]
    public void Entries_are_lent_in_place_and_in_order()
    {
        using RingRig rig = Pushed(3);
        BorrowedEntries lent = rig.Harvester.Borrow();
        Assert.Equal(3, lent.Count);
        Assert.Equal(new DirtyGfn { Flags = DirtyGfn.Dirty, Slot = 1, Offset = 0 }, lent.First[0]);

        rig.Memory[2].Offset = 77;
        Assert.Equal(77UL, lent.First[2].Offset);
    }

    [Fact]
    public void Without_a_release_the_next_harvest_meets_the_same_entries()
    {
        using RingRig rig = Pushed(3);
        Assert.Equal(3, rig.Harvester.Borrow().Count);
        Assert.Equal(3, rig.Harvester.Borrow().Count);
        Assert.Equal(3, rig.Harvester.Harvest(new DirtyGfn[8]));
        Assert.Equal(0, rig.Harvester.Borrow().Count);
    }

    [Fact]
    public void A_part_is_released_and_the_rest_stays()
    {
        using RingRig rig = Pushed(3);
        rig.Harvester.Borrow().Release(2);
        Assert.Equal([2u, 2u, 1u, 0u], Flags(rig));

        BorrowedEntries rest = rig.Harvester.Borrow();
        Assert.Equal((1, 2UL), (rest.Count, rest.First[0].Offset));
    }

    [Fact]
    public void A_maximum_limits_the_loan()
    {
        using RingRig rig = Pushed(4);
        Assert.Equal(2, rig.Harvester.Borrow(2).Count);
        Assert.Equal(4, rig.Harvester.Borrow(int.MaxValue).Count);
    }

    [Fact]
    public void A_loan_across_the_end_comes_in_two_spans()
    {
        using RingRig rig = Pushed(3);
        rig.Harvester.Harvest(new DirtyGfn[3]);
        rig.ResetUnchecked();
        for (ulong page = 10; page < 14; page++)
            rig.Producer.TryPush(1, page);

        BorrowedEntries lent = rig.Harvester.Borrow();
        Assert.Equal((1, 3, 4), (lent.First.Length, lent.Second.Length, lent.Count));
        Assert.Equal([10UL, 11UL, 12UL, 13UL], ((DirtyGfn[])[.. lent.First, .. lent.Second]).Select(entry => entry.Offset));
        lent.Release(4);
        Assert.Equal([2u, 2u, 2u, 2u], Flags(rig));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [InlineData(int.MaxValue)]
    public void A_count_out_of_range_releases_nothing(int asked)
    {
        using RingRig rig = Pushed(3);
        Assert.Throws<ArgumentOutOfRangeException>("count", () => rig.Harvester.Borrow().Release(asked));
        Assert.Equal([1u, 1u, 1u, 0u], Flags(rig));
    }

    [Fact]
    public void A_loan_is_released_once()
    {
        using RingRig rig = Pushed(4);
        BorrowedEntries lent = rig.Harvester.Borrow(2);
        lent.Release(1);

        string message = "";
        try
        {
            lent.Release(1);
        }
        catch (InvalidOperationException failure)
        {
            message = failure.Message;
        }

        Assert.Contains("loan", message, StringComparison.Ordinal);
        Assert.Equal([2u, 1u, 1u, 1u], Flags(rig));
    }

    [Fact]
    public void A_harvest_ends_a_loan()
    {
        using RingRig rig = Pushed(4);
        Assert.Throws<InvalidOperationException>(() =>
        {
            BorrowedEntries lent = rig.Harvester.Borrow(2);
            rig.Harvester.Harvest(new DirtyGfn[1]);
            lent.Release(2);
        });
        Assert.Equal([2u, 1u, 1u, 1u], Flags(rig));
    }

    private static RingRig Pushed(int count)
    {
        var rig = new RingRig(4);
        for (int page = 0; page < count; page++)
            rig.Producer.TryPush(1, (ulong)page);
        return rig;
    }

    private static uint[] Flags(RingRig rig)
    {
        uint[] flags = new uint[rig.Memory.Length];
        for (int i = 0; i < flags.Length; i++)
            flags[i] = rig.Memory[i].Flags;
        return flags;
    }
}
