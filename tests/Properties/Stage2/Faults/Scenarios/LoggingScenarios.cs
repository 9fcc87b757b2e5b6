using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;
using static RingKit.Properties.Stage2.Faults.Scenarios.FaultCase;

namespace RingKit.Properties.Stage2.Faults.Scenarios;

/// <summary>Blocks, and what becomes of them while dirty pages are logged and after: exact indices, bits and counts.</summary>
public sealed class LoggingScenarios
{
    [Fact]
    public void Scenario_3_Without_a_log_a_load_maps_its_block_writable_and_the_store_does_not_fault() => InAll(Unlogged);

    [Fact]
    public void Scenario_4_A_store_to_a_logged_block_dissolves_it_and_maps_and_records_one_page() => InAll(Dissolve);

    [Fact]
    public void Scenario_5_A_stale_entry_of_a_dissolved_block_is_gone_when_the_store_is_tried_again() => InAll(StaleBlock);

    [Fact]
    public void Scenario_6_A_load_under_logging_maps_read_only_and_the_store_after_it_is_recorded() => InAll(ReadThenWrite);

    [Fact]
    public void Scenario_7_A_harvested_page_is_recorded_again_with_its_next_store() => InAll(HarvestAgain);

    [Fact]
    public void A_permission_that_another_vcpu_has_regained_is_taken_without_harm() => InAll(SpuriousFault);

    [Fact]
    public void A_gigabyte_of_hugetlbfs_under_logging_leaves_tables_of_one_entry() => InAll(Gigabyte);

    [Fact]
    public void A_read_only_slot_is_never_logged_and_keeps_its_blocks() => InAll(ReadOnlySlot);

    [Fact]
    public void Updating_a_page_adds_no_reference() => InAll(UpdateReference);

    internal static void Unlogged(FaultCase at)
    {
        using FaultWorld world = at.World();
        Assert.Equal(1, world.Load(Base + Block + 0x3000));
        Assert.Equal((1UL, 1UL, 0UL), (world.Counts().Translation, world.Counts().Blocks, world.Counts().Pages));
        Assert.Equal(1, world.TablesInUse);
        Assert.Equal(2UL, world.Table.Pool.ReferencesOn(0));
        ulong level2 = new Stage2Descriptor(world.Table.Pool.EntryAt(0, 1)).TableAddress;
        Assert.Equal(2UL, world.Table.Pool.ReferencesOn(level2));
        Assert.Equal(at.NoExecute | 0x0000_0001_0020_07FDUL, world.Table.Pool.EntryAt(level2, 1));

        Assert.Equal(0, world.Store(Base + Block + 0x3000));
        Assert.Equal(0, world.Marks);
        Assert.Equal((0, 0, 0, 0), Flushes(world));
        world.Finish();
    }

    internal static void Dissolve(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        Assert.Equal(1, world.Store(Base + Block + 0x3000));
        Assert.Equal((1UL, 1UL, 0UL), (world.Counts().Permission, world.Counts().Dissolved, world.Counts().Relaxed));
        Assert.Equal([Base + Block], world.FlushedIpas);
        Assert.Equal((1, 0, 1, 0), Flushes(world));
        Assert.Equal([515UL], world.Dirty());
        Assert.Equal(1, world.Marks);

        ulong level3 = TableBelow(world, 1);
        Assert.Equal(2UL, world.Table.Pool.ReferencesOn(level3));
        for (ulong i = 0; i < 512; i++)
            Assert.Equal(i == 3 ? at.NoExecute | 0x0000_0001_0020_37FFUL : 0, world.Table.Pool.EntryAt(level3, i));
        Assert.Equal(1, world.Load(Base + Block + 0x4000));
        world.Finish();
    }

    internal static void StaleBlock(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Load(Base + Block);
        Assert.Equal(1, world.Maintenance.Tlbs[0].Lookup(Base + Block, out _));
        Assert.Equal(1, world.Store(Base + Block + 0x3000));
        world.Finish();
    }

    internal static void ReadThenWrite(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Store(Base + Block + 0x3000);
        Assert.Equal(1, world.Load(Base + Block + 0x7000));
        Assert.False(world.Table.Walk(Base + Block + 0x7000).Descriptor.IsWritable);
        Assert.False(world.IsDirty(519));
        world.CheckRules();

        Assert.Equal(1, world.Store(Base + Block + 0x7000));
        Assert.Equal([515UL, 519UL], world.Dirty());
        Assert.Equal(at.IsCurrent ? (1, 0, 1, 1) : (2, 0, 1, 0), Flushes(world));
        Assert.Equal(at.IsCurrent ? 1UL : 0, world.Counts().Relaxed);
        world.Finish();
    }

    internal static void HarvestAgain(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Store(Base + Block + 0x3000);
        Assert.Equal([515UL], world.Harvest());
        Assert.False(world.Table.Walk(Base + Block + 0x3000).Descriptor.IsWritable);
        Assert.Equal(2, world.Maintenance.OfAll);
        Assert.Empty(world.Harvest());
        Assert.Equal(2, world.Maintenance.OfAll);

        Assert.Equal(1, world.Store(Base + Block + 0x3000));
        Assert.Equal(0, world.Store(Base + Block + 0x3008));
        Assert.Equal([515UL], world.Harvest());
        world.Finish();
    }

    internal static void SpuriousFault(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Load(Base + 0x3000, vcpu: 1);
        world.Store(Base + 0x5000);
        world.Load(Base + 0x3000, vcpu: 0);
        world.Load(Base + 0x3000, vcpu: 1);
        Assert.Equal(1, world.Store(Base + 0x3000, vcpu: 0));

        // The current handler drops what the vCPU has itself; that of the other one is stricter, faults, and finds it done. In 2014 all drop it.
        Assert.Equal(at.IsCurrent ? 1 : 0, world.Store(Base + 0x3000, vcpu: 1));
        Assert.Equal(at.IsCurrent ? (1UL, 0UL) : (0UL, 0UL), (world.Counts(1).Relaxed, world.Counts(1).Retries));
        Assert.Equal([3UL, 5UL], world.Dirty());
        world.Finish();
    }

    internal static void Gigabyte(FaultCase at)
    {
        using FaultWorld world = at.World(world => world.AddSlot(
            Base, FaultWorld.Gigabyte, new HostRegionSettings(Userspace, FaultWorld.Gigabyte) { Kind = HostRegionKind.HugeTlb1G }));
        Assert.Equal(1, world.Load(Base + Block + 0x3000));
        Assert.Equal(at.IsCurrent ? 1 : 2, LevelOf(world, Base + Block + 0x3000));
        world.StartLog();
        Assert.Equal(1, world.Store(Base + Block + 0x3000));
        Assert.Equal(3, LevelOf(world, Base + Block + 0x3000));
        Assert.Equal([515UL], world.Dirty());
        Assert.Equal(2, world.TablesInUse);
        ulong level2 = new Stage2Descriptor(world.Table.Pool.EntryAt(0, 1)).TableAddress;
        Assert.Equal((2UL, 2UL), (world.Table.Pool.ReferencesOn(level2), world.Table.Pool.ReferencesOn(TableBelow(world, 1))));
        world.Finish();
    }

    internal static void ReadOnlySlot(FaultCase at)
    {
        using FaultWorld world = at.World(world => world.AddSlot(
            Base, 4 * Block, new HostRegionSettings(Userspace, 4 * Block), isReadOnly: true));
        world.Slot().Memory.LogsDirtyPages = true;
        Assert.Equal(1, world.Load(Base + Block + 0x3000));
        Assert.Equal((2, false), (LevelOf(world, Base + Block), world.Table.Walk(Base + Block).Descriptor.IsWritable));
        Assert.Equal(Stage2FaultOutcome.Mmio, world.Access(Base + Block + 0x3000, Stage2Access.Store, out int faults));
        Assert.Equal((1, 2, 0), (faults, LevelOf(world, Base + Block), world.Marks));
        world.Finish();
    }

    internal static void UpdateReference(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(1, world.Store(Base + Block + 0x3000));
            world.Harvest();
            world.CheckReferences();
        }

        Assert.Equal(2UL, world.Table.Pool.ReferencesOn(TableBelow(world, 1)));
        world.Finish();
    }
}
