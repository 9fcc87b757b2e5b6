using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;
using static RingKit.Properties.Stage2.Faults.Scenarios.FaultCase;

namespace RingKit.Properties.Stage2.Faults.Scenarios;

/// <summary>The host takes pages away, moves, shares and breaks them, also in the middle of a fault.</summary>
public sealed class HostScenarios
{
    [Fact]
    public void Scenario_13_A_fault_that_an_invalidation_overtakes_maps_nothing_and_tries_again() => InAll(Retry);

    [Fact]
    public void Scenario_13_An_invalidation_that_has_ended_meanwhile_counts_too() => InAll(Ended);

    [Fact]
    public void A_region_that_is_replaced_in_the_middle_of_a_fault_does_not_lend_its_page_size() => InAll(ReplacedRegion);

    [Fact]
    public void A_log_that_starts_in_the_middle_of_a_fault_gets_no_writable_page_behind_its_back() => InAll(StartedLog);

    [Fact]
    public void A_split_huge_page_is_mapped_by_pages_and_a_collapsed_one_as_a_block() => InAll(SplitAndCollapse);

    [Fact]
    public void A_page_that_moves_is_mapped_where_it_is() => InAll(Migrate);

    [Fact]
    public void A_shared_page_is_read_only_and_a_store_gets_a_copy() => InAll(CopyOnWrite);

    [Fact]
    public void Of_a_broken_page_there_is_an_error_and_the_rest_of_its_block_comes_by_pages() => InAll(Poison);

    [Fact]
    public void A_read_only_region_serves_loads() => InAll(ReadOnlyRegion);

    [Fact]
    public void A_merged_page_replaces_a_mapping_only_where_there_is_a_table() => InAll(Merge);

    [Fact]
    public void A_present_page_that_the_host_replaces_is_broken_before_it_is_made() => InAll(ReplacePresent);

    internal static void Retry(FaultCase at)
    {
        using FaultWorld world = at.World();
        InvalidationSequence<HardwareOrdering> sequence = world.Host.Invalidations;
        for (int i = 0; i < 5; i++)
            world.Hypervisor.InvalidateRange(ref world.Thread, Userspace, Page);
        world.StartLog();
        Assert.Equal(5UL, sequence.Snapshot);

        var fault = new Stage2Fault(Base + 0x3000, Stage2FaultClass.Translation, 1, Stage2Access.Store);
        Overtake(world, () => world.Hypervisor.InvalidateStart(ref world.Thread, Userspace, Block));
        Assert.Equal(Stage2FaultOutcome.Resume, world.Handle(fault));
        Assert.Equal((1UL, 1UL, 5UL), (world.Counts().Retries, sequence.InProgress, sequence.Snapshot));

        // Its snapshot is from before the end.
        Overtake(world, world.Hypervisor.InvalidateEnd);
        Assert.Equal(Stage2FaultOutcome.Resume, world.Handle(fault));
        Assert.Equal((2UL, 0UL, 6UL), (world.Counts().Retries, sequence.InProgress, sequence.Snapshot));
        Assert.Equal((0, 0), (world.TablesInUse, world.Marks));

        Assert.Equal(Stage2FaultOutcome.Resume, world.Handle(fault));
        Assert.Equal((2UL, 1UL), (world.Counts().Retries, world.Counts().Pages));
        Assert.Equal([3UL], world.Dirty());
        world.Finish();
    }

    internal static void Ended(FaultCase at)
    {
        using FaultWorld world = at.World();
        Overtake(world, () => world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace + 0x3000, HostChange.Migrate));
        Assert.Equal(2, world.Load(Base + 0x3000));
        Assert.Equal(1UL, world.Counts().Retries);
        world.Finish();
    }

    internal static void ReplacedRegion(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
            world.AddSlot(Base, 4 * Block, new HostRegionSettings(Userspace, 4 * Block) { Kind = HostRegionKind.HugeTlb2M }));
        Overtake(world, Stage2FaultStep.RegionSeen, () =>
        {
            world.Hypervisor.InvalidateStart(ref world.Thread, Userspace, 4 * Block);
            world.Host.Replace(new HostRegionSettings(Userspace, 4 * Block) { HasHugePages = false });
            world.Hypervisor.InvalidateEnd();
        });
        Assert.Equal(2, world.Load(Base + 0x3000));
        Assert.Equal((1UL, 3), (world.Counts().Retries, LevelOf(world, Base + 0x3000)));
        world.Finish();
    }

    internal static void StartedLog(FaultCase at)
    {
        using FaultWorld world = at.World();
        Overtake(world, () => world.StartLog());
        Assert.Equal(2, world.Load(Base + 0x3000));
        Assert.Equal((3, false), (LevelOf(world, Base + 0x3000), world.Table.Walk(Base + 0x3000).Descriptor.IsWritable));
        Assert.Equal(1, world.Store(Base + 0x3000));
        Assert.Equal([3UL], world.Dirty());
        world.Finish();
    }

    internal static void SplitAndCollapse(FaultCase at)
    {
        using FaultWorld world = at.World();
        world.Store(Base + 0x3000);
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace, HostChange.Split);
        Assert.False(world.Table.Walk(Base + 0x3000).IsMapped);
        world.CheckRules();
        Assert.Equal(1, world.Store(Base + 0x3000));
        Assert.Equal(3, LevelOf(world, Base + 0x3000));
        world.CheckRules();

        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace + 0x7000, HostChange.Collapse);
        Assert.False(world.Table.Walk(Base + 0x3000).IsMapped);
        Assert.Equal(1, world.Store(Base + 0x3000));
        Assert.Equal(2, LevelOf(world, Base + 0x3000));
        world.Finish();
    }

    internal static void Migrate(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Store(Base + 0x3000);
        ulong before = world.Table.Walk(Base + Block).OutputAddress(Base + Block);
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace + Block + 0x5000, HostChange.Migrate);
        Assert.Equal(1, world.Load(Base + Block));
        Assert.NotEqual(before, world.Table.Walk(Base + Block).OutputAddress(Base + Block));
        world.CheckRules();

        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace, HostChange.Split);
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace + 0x3000, HostChange.Migrate);
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace + 0x4000, HostChange.Reclaim);
        Assert.Equal((1, 1), (world.Store(Base + 0x3000), world.Load(Base + 0x4000)));
        Assert.Equal([3UL], world.Dirty());
        world.Finish();
    }

    internal static void CopyOnWrite(FaultCase at)
    {
        using FaultWorld world = at.World();
        world.Store(Base + 0x3000);
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace, HostChange.Share);
        Assert.Equal(1, world.Load(Base + 0x3000));
        Assert.Equal((2, false), (LevelOf(world, Base + 0x3000), world.Table.Walk(Base + 0x3000).Descriptor.IsWritable));

        // The copy invalidates the block that was mapped, so the store faults again, for nothing being there.
        Assert.Equal(2, world.Store(Base + 0x3000));
        Assert.Equal(1UL, world.Counts().Retries);
        Assert.Equal((3, true), (LevelOf(world, Base + 0x3000), world.Table.Walk(Base + 0x3000).Descriptor.IsWritable));
        Assert.Equal(1, world.Load(Base + 0x4000));
        Assert.False(world.Table.Walk(Base + 0x4000).Descriptor.IsWritable);
        world.Finish();
    }

    internal static void Poison(FaultCase at)
    {
        using FaultWorld world = at.World();
        world.Store(Base + 0x3000);
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace + 0x3000, HostChange.Poison);
        Assert.Equal(Stage2FaultOutcome.HostFault, world.Access(Base + 0x3000, Stage2Access.Load, out int faults));
        Assert.Equal((1, 1UL), (faults, world.Counts().Refused));
        Assert.Equal(1, world.Store(Base + 0x4000));
        Assert.Equal(3, LevelOf(world, Base + 0x4000));
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace, HostChange.Collapse);
        Assert.Equal(Stage2FaultOutcome.HostFault, world.Access(Base + 0x3000, Stage2Access.Load, out _));
        world.Finish();
    }

    internal static void ReadOnlyRegion(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block) { IsWritable = false }));
        Assert.Equal(1, world.Load(Base + 0x3000));
        Assert.Equal((2, false), (LevelOf(world, Base), world.Table.Walk(Base).Descriptor.IsWritable));
        Assert.Equal(Stage2FaultOutcome.HostFault, world.Access(Base + 0x3000, Stage2Access.Store, out _));
        world.StartLog();
        Assert.Equal(Stage2FaultOutcome.HostFault, world.Access(Base + 0x3000, Stage2Access.Store, out _));
        Assert.Equal(0, world.Marks);
        world.Finish();
    }

    internal static void Merge(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block) { HasHugePages = false }));
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace + 0x3000, HostChange.Merge);
        Assert.Equal(0, world.TablesInUse);
        world.Store(Base + 0x3000);
        world.Store(Base + 0x4000);
        world.Hypervisor.ChangeHostPage(ref world.Thread, Userspace + 0x3000, HostChange.Merge);
        Stage2Walk walk = world.Table.Walk(Base + 0x3000);
        Assert.Equal((!at.IsCurrent, false), (walk.IsMapped, walk.IsMapped && walk.Descriptor.IsWritable));
        world.CheckRules();
        Assert.Equal(at.IsCurrent ? 1 : 0, world.Load(Base + 0x3000));
        Assert.Equal(2, world.Store(Base + 0x3000));
        world.Finish();
    }

    internal static void ReplacePresent(FaultCase at)
    {
        if (at.IsCurrent)
            return;
        using FaultWorld world = at.World(world =>
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block) { HasHugePages = false }));
        world.Store(Base + 0x3000);
        world.Load(Base + 0x3000, vcpu: 1);
        HostRegion<HardwareOrdering> region = world.Host.Find(Userspace)!;
        region.Share(ref world.Thread, Userspace + 0x3000);
        region.Migrate(ref world.Thread, Userspace + 0x3000);
        world.Hypervisor.SetSharedPage(ref world.Thread, Userspace + 0x3000, region.Look(Userspace + 0x3000, isWrite: false).Address);
        Assert.False(world.Table.Walk(Base + 0x3000).Descriptor.IsWritable);
        world.Finish();
    }

    /// <summary>Somebody does something once, between a fault's look at the host's page and its lock.</summary>
    private static void Overtake(FaultWorld world, Action act) => Overtake(world, Stage2FaultStep.PageFound, act);

    private static void Overtake(FaultWorld world, Stage2FaultStep at, Action act) => world.Hypervisor.Overtakes = step =>
    {
        if (step != at)
            return;
        world.Hypervisor.Overtakes = null;
        act();
    };
}
