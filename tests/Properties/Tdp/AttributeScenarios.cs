using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.Tdp;

/// <summary>Private and shared memory of a slot of 2 GiB whose private frames are guest_memfd's, of 1G pages, as the host's are.</summary>
public sealed class AttributeScenarios
{
    private static TdpWorld World(MappingForm form = MappingForm.Posted) => new(
        new TdpOptions
        {
            Form = form,
            HostLevel = MappingLevel.Size1G,
            Slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.None, GmemOrder = 18 }],
        },
        (0, 0, 1ul << 19));

    [Theory]
    [InlineData(MappingForm.Posted)]
    [InlineData(MappingForm.RingKit)]
    public void Scenario_14_Attributes_decide_levels_and_what_is_mapped_at_them(MappingForm form)
    {
        using TdpWorld world = World(form);
        MappingSpace space = world.Core.Space;
        LargePageInfo info = space.LargePagesAt(0);

        Assert.Equal(Errno.None, world.SetAttributes(0x200, 0x400, isPrivate: true));
        Assert.False(info.IsMixed(MappingLevel.Size2M, 0x200));
        Assert.Equal((true, false), (info.IsMixed(MappingLevel.Size1G, 0), info.IsMixed(MappingLevel.Size1G, 0x40000)));
        ExpectLevels(world, form, (0x250, MappingLevel.Size2M), (0, MappingLevel.Size2M), (0x40000, MappingLevel.Size1G));
        foreach (ulong gfn in (ulong[])[0x250, 0, 0x40000])
            Assert.Equal([TdpFaultOutcome.Mapped], world.Store(gfn));
        Assert.Equal((2, 2, 3), (world.LevelOf(0x250), world.LevelOf(0), world.LevelOf(0x40000)));
        Assert.Equal((true, false), (world.Core.Table.Walk(0x250, out _).IsPrivate, world.Core.Table.Walk(0, out _).IsPrivate));

        Assert.Equal(Errno.None, world.SetAttributes(0x210, 0x220, isPrivate: false));
        Assert.True(info.IsMixed(MappingLevel.Size2M, 0x200));
        ExpectLevels(world, form, (0x250, MappingLevel.Size4K));
        Assert.Equal([TdpFaultOutcome.Mapped], world.Store(0x250));
        Assert.Equal(1, world.LevelOf(0x250));

        Assert.Equal(Errno.None, world.SetAttributes(0x200, 0x400, isPrivate: false));
        Assert.Equal((false, false), (info.IsMixed(MappingLevel.Size2M, 0x200), info.IsMixed(MappingLevel.Size1G, 0)));
        ExpectLevels(world, form, (0x250, MappingLevel.Size1G));
        Assert.Equal(0, world.LevelOf(0x250));

        // The same once more: nothing is taken away, and no fault has to be taken again.
        ulong sequence = world.Core.Invalidations.Snapshot, zapped = world.Core.Counts.Zapped;
        int flushes = world.Flushes;
        Assert.Equal(Errno.None, world.SetAttributes(0x200, 0x400, isPrivate: false));
        Assert.Equal((sequence, zapped, flushes), (world.Core.Invalidations.Snapshot, world.Core.Counts.Zapped, world.Flushes));
    }

    [Fact]
    public void A_large_leaf_takes_the_place_of_the_table_that_small_ones_left()
    {
        using TdpWorld world = World();
        world.SetAttributes(0x200, 0x201, isPrivate: true);
        world.Populate(0x200, 0x400);
        Assert.Equal(new TdpMappings(512, 0, 0), world.Mappings);
        world.SetAttributes(0x200, 0x201, isPrivate: false);
        int flushes = world.Flushes;
        Assert.Equal([TdpFaultOutcome.Mapped], world.Store(0x200));
        Assert.Equal((3, flushes + 1), (world.LevelOf(0x200), world.Flushes));
        Assert.Equal(new TdpMappings(0, 0, 1), world.Mappings);
    }

    [Fact]
    public void A_change_takes_away_mappings_of_the_other_kind_alone()
    {
        using TdpWorld world = World();
        world.SetAttributes(0x200, 0x280, isPrivate: true);
        world.Populate(0x200, 0x300);
        Assert.Equal(new TdpMappings(256, 0, 0), world.Mappings);
        ulong zapped = world.Core.Counts.Zapped;
        world.SetAttributes(0x240, 0x2c0, isPrivate: true);
        Assert.Equal(zapped + 0x40, world.Core.Counts.Zapped);
        for (ulong gfn = 0x200; gfn < 0x300; gfn++)
            Assert.Equal(gfn is < 0x280 or >= 0x2c0 ? 1 : 0, world.LevelOf(gfn));
    }

    [Fact]
    public void An_access_of_the_wrong_kind_is_a_memory_fault_whatever_is_mapped()
    {
        using TdpWorld world = World();
        world.SetAttributes(0x200, 0x400, isPrivate: true);
        Assert.Equal([TdpFaultOutcome.MemoryFault], world.Touch(0x250, write: true, isPrivate: false));
        Assert.Equal([TdpFaultOutcome.Mapped], world.Touch(0x250, write: true, isPrivate: true));
        Assert.Equal([TdpFaultOutcome.MemoryFault], world.Touch(0x250, write: true, isPrivate: false));
        Assert.Equal([TdpFaultOutcome.MemoryFault], world.Touch(0x10, write: false, isPrivate: true));
        Assert.Empty(world.Touch(0x250, write: true, isPrivate: true));
        world.SetAttributes(0x200, 0x400, isPrivate: false);
        Assert.Equal([TdpFaultOutcome.MemoryFault], world.Touch(0x250, write: true, isPrivate: true));
        Assert.Equal([TdpFaultOutcome.Mapped], world.Touch(0x250, write: true, isPrivate: false));
        Assert.Equal(4ul, world.Faults.MemoryFaults);
    }

    [Fact]
    public void Faults_wait_in_the_range_of_a_change_and_in_large_pages_that_it_cuts()
    {
        using TdpWorld world = World();
        var thread = new TdpWorldThread(world);
        Assert.Equal(Errno.None, world.Core.Space.PrepareMemoryAttributes(0x210 << 12, 0x10 << 12, MemoryAttributes.Private, 0, out AttributeChange change));
        world.Core.BeginInvalidation(ref thread, change.InvalidatedFirst, change.InvalidatedEnd, change.FirstGfn, change.EndGfn, isPrivate: false);
        Assert.Equal([TdpFaultOutcome.Retry], world.Store(0x3ffff));
        Assert.Equal([TdpFaultOutcome.Mapped], world.Store(0x40000));
        world.Core.EndInvalidation(ref thread, () => world.Core.Space.CommitMemoryAttributes(change));
        Assert.Equal([TdpFaultOutcome.Mapped], world.Store(0x3ffff));
        Assert.Equal((2, 3), (world.LevelOf(0x3ffff), world.LevelOf(0x40000)));
    }

    private static void ExpectLevels(TdpWorld world, MappingForm form, params (ulong Gfn, MappingLevel Level)[] expected)
    {
        foreach ((ulong gfn, MappingLevel level) in expected)
            Assert.Equal(level, MaxMappingLevel.ForRecovery(form, world.Core.Space, gfn).Level);
    }
}
