using System.Diagnostics;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Stage2.Faults.Scenarios;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>The defects of the patch of 2014, one by one, with what each does to the guest.</summary>
public sealed class PostedDefectTests
{
    [Fact]
    public void The_flags_are_bits_to_or_together()
    {
        Assert.Equal((1UL, 2UL), ((ulong)Stage2PteFlags.IsIomap, (ulong)Stage2PteFlags.LoggingActive));
        Assert.Equal(Stage2PteFlags.None, Stage2PteFlags.LoggingActive & Stage2PteFlags.IsIomap);
    }

    [Fact]
    public void Scenario_5_Flushing_the_output_address_leaves_the_stale_block_and_costs_a_second_fault()
    {
        using FaultWorld world = Posted(Stage2Defects.FlushesOutputAddress).Logged();
        world.Load(Base + Block);
        Assert.Equal(2, world.Store(Base + Block + 0x3000));
        Assert.Equal([0x1_0020_0000UL, Base + Block + 0x3000], world.FlushedIpas);
        Assert.Contains(world.Checker.Violations, found => found.Kind == Stage2ViolationKind.MadeBeforeInvalidation);
    }

    [Fact]
    public void Scenario_5_Where_a_flush_ignores_its_address_the_same_bug_does_no_harm()
    {
        using FaultWorld world = Posted(Stage2Defects.FlushesOutputAddress).Logged();
        world.FlushesAll = true;
        world.Load(Base + Block);
        Assert.Equal(1, world.Store(Base + Block + 0x3000));
        Assert.Equal(0x1_0020_0000UL, Assert.Single(world.FlushedIpas));
        world.Finish();
    }

    [Fact]
    public void Scenario_6_A_read_that_is_mapped_writable_loses_the_store()
    {
        using FaultWorld world = Posted(Stage2Defects.MapsReadsWritable).Logged();
        world.Store(Base + Block + 0x3000);
        Assert.Equal(1, world.Load(Base + Block + 0x7000));
        Assert.True(world.Table.Walk(Base + Block + 0x7000).Descriptor.IsWritable);
        Assert.Equal(0, world.Store(Base + Block + 0x7000));
        Assert.Equal([515UL], world.Harvest());
    }

    [Fact]
    public void A_page_that_could_not_be_mapped_is_recorded_all_the_same()
    {
        Assert.Equal(0, MarksWhereMappingFails(Stage2Defects.None));
        Assert.Equal(1, MarksWhereMappingFails(Stage2Defects.MarksFailures));
    }

    [Fact]
    public void A_read_only_slot_that_counts_as_logged_gets_no_blocks()
    {
        Assert.Equal(2, LevelInReadOnlySlot(Stage2Defects.None));
        Assert.Equal(3, LevelInReadOnlySlot(Stage2Defects.LogsReadOnlySlots));
    }

    [Fact]
    public void A_block_that_reaches_beyond_its_slot_gives_the_guest_memory_of_the_host()
    {
        Assert.Equal(Stage2FaultOutcome.Mmio, StoreBelowMisalignedSlot(Stage2Defects.None));
        Assert.Equal(Stage2FaultOutcome.Resume, StoreBelowMisalignedSlot(Stage2Defects.MapsBeyondSlot));
    }

    [Fact]
    public void Scenario_10_A_block_over_a_table_leaks_it()
    {
        using FaultWorld world = Posted(Stage2Defects.LeaksReplacedTable).Logged();
        world.Store(Base + Block + 0x3000);
        world.StopLog();
        world.Load(Base + Block + 0x7000);
        Assert.Equal(2, FaultCase.LevelOf(world, Base + Block));
        world.Checker.CheckTables(world.Table);
        Assert.Single(world.Checker.Violations, found => found.Kind == Stage2ViolationKind.LeakedTable);
        Assert.Equal(1, world.LeakedTables());
    }

    [Fact]
    public void A_shared_page_never_meets_a_block()
    {
        using FaultWorld world = Posted(Stage2Defects.None).World();
        world.Load(Base);
        Assert.Throws<UnreachableException>(() => world.Hypervisor.SetSharedPage(ref world.Thread, Userspace, Physical));
    }

    // A device's page that is mapped read-only already is not mapped again.
    private static int MarksWhereMappingFails(Stage2Defects defects)
    {
        using FaultWorld world = Posted(defects).World(world =>
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block) { Kind = HostRegionKind.PfnMapped }));
        world.Load(Base);
        world.StartLog();
        Assert.Equal(Stage2FaultOutcome.HostFault, world.Access(Base, Stage2Access.Store, out _));
        return world.Marks;
    }

    private static int LevelInReadOnlySlot(Stage2Defects defects)
    {
        using FaultWorld world = Posted(defects).World(world =>
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block), isReadOnly: true));
        world.Slot().Memory.LogsDirtyPages = true;
        world.Load(Base);
        return FaultCase.LevelOf(world, Base);
    }

    // The slot begins in the middle of what would be a block.
    private static Stage2FaultOutcome StoreBelowMisalignedSlot(Stage2Defects defects)
    {
        const ulong half = Block / 2;
        using FaultWorld world = Posted(defects).World(world =>
        {
            world.Host.Add(new HostRegionSettings(Userspace, 2 * Block));
            world.AddSlot(Base + half, Block + half, userspace: Userspace + half);
        });
        world.Load(Base + half);
        return world.Access(Base, Stage2Access.Store, out _);
    }

    private static FaultCase Posted(Stage2Defects defects) => new(Stage2Generation.Posted2014, defects);
}
