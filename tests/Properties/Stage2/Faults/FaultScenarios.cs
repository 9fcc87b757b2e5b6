using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>Faults with and without a log, as the current handler takes them: exact indices, bits and counts.</summary>
public sealed class FaultScenarios
{
    [Fact]
    public void Without_a_log_a_load_maps_its_block_writable_and_the_store_does_not_fault()
    {
        using var world = new FaultWorld();
        Assert.Equal(1, world.Load(Base + Block + 0x3000));
        Assert.Equal(1UL, world.Counts().Translation);
        Assert.Equal(1UL, world.Counts().Blocks);
        Assert.Equal(1, world.TablesInUse);
        Assert.Equal(2UL, world.Table.Pool.ReferencesOn(0));
        ulong level2 = new Stage2Descriptor(world.Table.Pool.EntryAt(0, 1)).TableAddress;
        Assert.Equal(2UL, world.Table.Pool.ReferencesOn(level2));
        Assert.Equal(0x0040_0001_0020_07FDUL, world.Table.Pool.EntryAt(level2, 1));

        Assert.Equal(0, world.Store(Base + Block + 0x3000));
        Assert.Equal(0, world.Marks);
        world.CheckRules();
        world.CheckReferences();
    }

    [Fact]
    public void A_store_to_a_logged_block_dissolves_it_and_maps_and_records_one_page()
    {
        using FaultWorld world = Logged();
        Assert.Equal(1, world.Store(Base + Block + 0x3000));
        Assert.Equal(1UL, world.Counts().Permission);
        Assert.Equal([Base + Block], world.FlushedIpas);
        Assert.Equal((1, 0, 1), (world.Maintenance.ByIpa, world.Maintenance.ByRange, world.Maintenance.OfAll));
        Assert.Equal(1UL, world.Counts().Dissolved);
        Assert.Equal([515UL], world.Dirty());

        ulong level3 = TableBelow(world, 1);
        Assert.Equal(2UL, world.Table.Pool.ReferencesOn(level3));
        for (ulong i = 0; i < 512; i++)
            Assert.Equal(i == 3 ? 0x0040_0001_0020_37FFUL : 0, world.Table.Pool.EntryAt(level3, i));
        world.CheckRules();
        world.CheckReferences();
    }

    [Fact]
    public void A_load_under_logging_maps_read_only_and_the_store_after_it_is_relaxed_and_recorded()
    {
        using FaultWorld world = Logged();
        world.Store(Base + Block + 0x3000);
        Assert.Equal(1, world.Load(Base + Block + 0x7000));
        Assert.False(world.Table.Walk(Base + Block + 0x7000).Descriptor.IsWritable);
        Assert.False(world.IsDirty(519));
        world.CheckRules();

        int byIpa = world.Maintenance.ByIpa;
        Assert.Equal(1, world.Store(Base + Block + 0x7000));
        Assert.True(world.IsDirty(519));
        Assert.Equal(1UL, world.Counts().Relaxed);
        Assert.Equal((byIpa, 0, 1, 1), (world.Maintenance.ByIpa, world.Maintenance.ByRange, world.Maintenance.OfAll, world.Maintenance.Local));
        Assert.Equal([515UL, 519UL], world.Harvest());
        world.CheckRules();
    }

    [Fact]
    public void After_a_cancelled_log_a_store_to_a_block_relaxes_it_and_a_load_beside_a_page_collapses_its_table()
    {
        using FaultWorld world = Logged();
        world.Store(Base + Block + 0x3000);
        world.StopLog();
        int tables = world.TablesInUse;
        Assert.Equal(1, world.Store(Base));
        Assert.Equal(1UL, world.Counts().Relaxed);
        Assert.Equal(2, world.Table.Walk(Base).Level);
        Assert.Equal(tables, world.TablesInUse);

        Assert.Equal(0, world.Store(Base + Block + 0x3000));
        Assert.Equal(1, world.Load(Base + Block + 0x7000));
        Assert.Equal((2, true), (world.Table.Walk(Base + Block).Level, world.Table.Walk(Base + Block).Descriptor.IsWritable));
        Assert.Equal(1UL, world.Counts().Collapsed);
        Assert.Equal(1, world.Maintenance.ByRange);
        Assert.Equal(tables - 1, world.TablesInUse);
        world.CheckRules();
        world.CheckReferences();
    }

    /// <summary>All four blocks mapped, then logged.</summary>
    internal static FaultWorld Logged(Stage2Options? options = null)
    {
        var world = new FaultWorld(options);
        for (ulong block = 0; block < 4; block++)
            world.Load(Base + (block * Block));
        Assert.Equal(4UL, world.StartLog());
        Assert.Equal(1, world.Maintenance.OfAll);
        Assert.Equal(0UL, world.Counts().Dissolved);
        Assert.Empty(world.Dirty());
        return world;
    }

    /// <summary>The table of a block's pages.</summary>
    internal static ulong TableBelow(FaultWorld world, ulong block)
    {
        ulong level2 = new Stage2Descriptor(world.Table.Pool.EntryAt(0, 1)).TableAddress;
        var entry = new Stage2Descriptor(world.Table.Pool.EntryAt(level2, block));
        Assert.True(entry.IsTableAt(2));
        return entry.TableAddress;
    }
}
