using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;
using static RingKit.Properties.Stage2.Faults.Scenarios.FaultCase;

namespace RingKit.Properties.Stage2.Faults.Scenarios;

/// <summary>A migration is cancelled: blocks come back when something faults, and not before.</summary>
public sealed class CancelScenarios
{
    [Fact]
    public void Scenario_10_A_protected_block_is_made_writable_in_place() => InAll(ProtectedBlock);

    [Fact]
    public void Scenario_10_A_load_beside_a_written_page_brings_the_block_back_and_frees_its_table() => InAll(Collapse);

    [Fact]
    public void Scenario_10_Pages_that_are_all_writable_never_fault_and_stay_pages() => InAll(AllWritable);

    [Fact]
    public void A_store_to_a_protected_page_brings_the_block_back() => InAll(StoreToPage);

    [Fact]
    public void A_log_that_is_started_again_protects_again() => InAll(Restart);

    [Fact]
    public void A_collapse_that_is_due_while_an_invalidation_is_in_progress_retries_and_changes_nothing() => InAll(CollapseRetries);

    internal static void CollapseRetries(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Store(Base + Block + 0x3000);
        world.StopLog();
        world.Hypervisor.InvalidateStart(ref world.Thread, Userspace, Page);
        var fault = new Stage2Fault(Base + Block + 0x7000, Stage2FaultClass.Translation, 3, Stage2Access.Load);
        var before = (world.Table.Walk(Base + Block + 0x3000), world.Table.Walk(Base + Block + 0x7000), world.TablesInUse, Flushes(world));
        Assert.Equal(Stage2FaultOutcome.Resume, world.Handle(fault));
        Assert.Equal((3, 0UL, 1UL), (LevelOf(world, Base + Block + 0x3000), world.Counts().Collapsed, world.Counts().Retries));
        Assert.Equal(before, (world.Table.Walk(Base + Block + 0x3000), world.Table.Walk(Base + Block + 0x7000), world.TablesInUse, Flushes(world)));
        Assert.Equal([515UL], world.Dirty());
        world.Hypervisor.InvalidateEnd();
        Assert.Equal(Stage2FaultOutcome.Resume, world.Handle(fault));
        Assert.Equal((2, 1UL), (LevelOf(world, Base + Block), world.Counts().Collapsed));
        world.Finish();
    }

    internal static void ProtectedBlock(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Store(Base + Block + 0x3000);
        world.StopLog();
        int tables = world.TablesInUse;
        Assert.Equal(1, world.Store(Base));
        Assert.Equal((2, true), (LevelOf(world, Base), world.Table.Walk(Base).Descriptor.IsWritable));
        Assert.Equal(at.IsCurrent ? (1, 0, 1, 1) : (2, 0, 1, 0), Flushes(world));
        Assert.Equal((at.IsCurrent ? 1UL : 0, 0UL, tables), (world.Counts().Relaxed, world.Counts().Collapsed, world.TablesInUse));
        Assert.Equal([515UL], world.Dirty());
        world.Finish();
    }

    internal static void Collapse(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Store(Base + Block + 0x3000);
        world.StopLog();
        int tables = world.TablesInUse;
        Assert.Equal(0, world.Store(Base + Block + 0x3000));
        Assert.Equal(3, LevelOf(world, Base + Block + 0x3000));

        Assert.Equal(1, world.Load(Base + Block + 0x7000));
        Assert.Equal((2, true), (LevelOf(world, Base + Block), world.Table.Walk(Base + Block).Descriptor.IsWritable));
        Assert.Equal((1, 1, 1, 0), Flushes(world));
        Assert.Equal((1UL, tables - 1), (world.Counts().Collapsed, world.TablesInUse));
        Assert.Equal(0, world.Store(Base + Block + 0x8000));
        world.Finish();
    }

    internal static void AllWritable(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        for (ulong page = 0; page < 512; page++)
            Assert.Equal(1, world.Store(Base + Block + (page * Page)));
        world.StopLog();
        int faults = 0;
        for (ulong page = 0; page < 512; page++)
            faults += world.Store(Base + Block + (page * Page));
        Assert.Equal((0, 3, 0UL), (faults, LevelOf(world, Base + Block), world.Counts().Collapsed));
        world.Finish();
    }

    internal static void StoreToPage(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Store(Base + Block + 0x3000);
        world.Harvest();
        world.StopLog();
        Assert.Equal(1, world.Store(Base + Block + 0x3000));
        Assert.Equal((2, true), (LevelOf(world, Base + Block), world.Table.Walk(Base + Block).Descriptor.IsWritable));
        Assert.Equal(1UL, world.Counts().Collapsed);
        world.Finish();
    }

    internal static void Restart(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        world.Store(Base + Block + 0x3000);
        world.StopLog();
        world.Store(Base);
        Assert.Equal(2UL, world.StartLog());
        Assert.Equal(1, world.Store(Base));
        Assert.Equal(1, world.Store(Base + Block + 0x3000));
        Assert.Equal([0UL, 515UL], world.Dirty());
        world.Finish();
    }
}
