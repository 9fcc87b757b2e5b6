using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;
using static RingKit.Properties.Stage2.Faults.Scenarios.FaultCase;

namespace RingKit.Properties.Stage2.Faults.Scenarios;

/// <summary>Faults that map nothing, and what is recorded of those that fail.</summary>
public sealed class AbortScenarios
{
    [Fact]
    public void Without_a_slot_the_outcome_is_the_accesss() => InAll(NoSlot);

    [Fact]
    public void A_store_to_a_read_only_slot_leaves_the_guest() => InAll(ReadOnlySlot);

    [Fact]
    public void An_access_flag_fault_sets_AF_and_invalidates_nothing() => InAll(AccessFlag);

    [Fact]
    public void A_fetch_gets_the_permission_that_it_needs() => InAll(Fetch);

    [Fact]
    public void A_guests_own_walk_counts_as_a_write_when_it_stops_for_a_permission() => InAll(GuestWalk);

    [Fact]
    public void A_fault_that_meets_somebody_at_work_is_not_recorded() => InAll(MeetsLocked);

    [Fact]
    public void A_device_that_is_mapped_already_is_an_error_and_not_recorded() => InAll(PresentDevice);

    [Fact]
    public void Without_tables_the_fault_is_refused_and_nothing_recorded() => InAll(NoTables);

    [Fact]
    public void A_devices_pages_are_mapped_one_by_one() => InAll(MapDevice);

    internal static void NoSlot(FaultCase at)
    {
        using FaultWorld world = at.World();
        const ulong hole = Base - Page;
        Assert.Equal(Stage2FaultOutcome.Mmio, world.Access(hole, Stage2Access.Load, out _));
        Assert.Equal(Stage2FaultOutcome.Mmio, world.Access(hole, Stage2Access.Store, out _));
        Assert.Equal(Stage2FaultOutcome.InstructionAbort, world.Access(hole, Stage2Access.Fetch, out _));
        Assert.Equal(Stage2FaultOutcome.DataAbort, world.Access(hole, Stage2Access.GuestWalk, out _));
        Assert.Equal(Stage2FaultOutcome.Skip, world.Access(hole, Stage2Access.CacheMaintenance, out _));
        Assert.Equal(Stage2FaultOutcome.DataAbort, world.Handle(new Stage2Fault(1UL << 40, Stage2FaultClass.Translation, 1, Stage2Access.Store)));
        Assert.Equal(Stage2FaultOutcome.InstructionAbort, world.Handle(new Stage2Fault(1UL << 40, Stage2FaultClass.Translation, 1, Stage2Access.Fetch)));
        Assert.Equal(Stage2FaultOutcome.HostFault, world.Handle(new Stage2Fault(Base, (Stage2FaultClass)7, 1, Stage2Access.Load)));
        Assert.Equal((8UL, 0), (world.Counts().Refused, world.TablesInUse));
        world.Finish();
    }

    internal static void ReadOnlySlot(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block), isReadOnly: true));
        Assert.Equal(Stage2FaultOutcome.Mmio, world.Access(Base, Stage2Access.Store, out _));
        Assert.Equal(0, world.TablesInUse);
        Assert.Equal(1, world.Load(Base));
        Assert.Equal(Stage2FaultOutcome.DataAbort, world.Access(Base, Stage2Access.GuestWalk, out _));
        Assert.Equal(Stage2FaultOutcome.Resume, world.Access(Base, Stage2Access.CacheMaintenance, out _));
        world.Finish();
    }

    internal static void AccessFlag(FaultCase at)
    {
        using FaultWorld world = at.World();
        world.Store(Base + 0x3000);
        Assert.Equal(at.IsCurrent ? 1UL : 0, world.Hypervisor.Age(ref world.Thread, Userspace, Block));
        Assert.Equal(at.IsCurrent ? 1 : 0, world.Load(Base + 0x3000, vcpu: 1));
        Assert.True(world.Table.Walk(Base + 0x3000).Descriptor.IsAccessed);
        Assert.Equal(at.IsCurrent ? 1UL : 0, world.Counts(1).AccessFlag);
        Assert.Equal((0, 0, 0, 0), Flushes(world));
        world.Finish();
    }

    internal static void Fetch(FaultCase at)
    {
        using FaultWorld world = at.World();
        world.Load(Base + 0x3000);
        Assert.Equal(Stage2FaultOutcome.Resume, world.Access(Base + 0x3000, Stage2Access.Fetch, out int faults));
        Assert.Equal(at.IsCurrent ? (1, 1UL) : (0, 0UL), (faults, world.Counts().Relaxed));
        Assert.Equal((2, Stage2Execute.Everywhere), (LevelOf(world, Base), world.Table.Walk(Base).Descriptor.Execute));
        Assert.True(world.Table.Walk(Base).Descriptor.IsWritable);
        world.Finish();
    }

    internal static void GuestWalk(FaultCase at)
    {
        using FaultWorld world = at.Logged();
        Assert.Equal(Stage2FaultOutcome.Resume, world.Access(Base + 0x3000, Stage2Access.GuestWalk, out int faults));
        Assert.Equal(1, faults);
        Assert.Equal([3UL], world.Dirty());
        world.Finish();
    }

    internal static void MeetsLocked(FaultCase at)
    {
        if (!at.IsCurrent)
            return;
        using FaultWorld world = at.Logged();
        world.Store(Base + 0x3000);
        ref ulong entry = ref world.Table.Pool.EntryAt(TableBelow(world, 0), 4);
        entry = Stage2Descriptor.LockedNote;
        var fault = new Stage2Fault(Base + 0x4000, Stage2FaultClass.Translation, 3, Stage2Access.Store);
        Assert.Equal(Stage2FaultOutcome.Resume, world.Handle(fault));
        Assert.Equal(1UL, world.Counts().Retries);
        Assert.Equal([3UL], world.Dirty());
        entry = 0;
        Assert.Equal(1, world.Store(Base + 0x4000));
        Assert.Equal([3UL, 4UL], world.Dirty());
        world.Finish();
    }

    internal static void PresentDevice(FaultCase at)
    {
        if (at.IsCurrent)
            return;
        using FaultWorld world = at.World(world =>
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block) { Kind = HostRegionKind.PfnMapped }));
        world.Load(Base);
        world.StartLog();
        Assert.Equal(Stage2FaultOutcome.HostFault, world.Access(Base, Stage2Access.Store, out _));
        Assert.Empty(world.Dirty());
        world.Finish();
    }

    internal static void NoTables(FaultCase at)
    {
        using var world = new FaultWorld(at.Options with { MaximumTables = 1 });
        world.StartLog();
        Assert.Equal(Stage2FaultOutcome.HostFault, world.Access(Base, Stage2Access.Store, out _));
        Assert.Empty(world.Dirty());
        world.Finish();
    }

    internal static void MapDevice(FaultCase at)
    {
        using FaultWorld world = at.World();
        using Stage2VcpuState<RingKit.Ordering.HardwareOrdering> vcpu = world.Hypervisor.CreateVcpuState();
        const ulong ipa = 0x800_0000, device = 0x2c00_6000;
        Assert.Equal(Errno.None, world.Hypervisor.MapDevice(ref world.Thread, vcpu, ipa, device, 2 * Page, isWritable: true));
        Stage2Walk walk = world.Table.Walk(ipa + Page);
        Assert.Equal((3, device + Page, 1), (walk.Level, walk.OutputAddress(ipa + Page), walk.Descriptor.MemAttr));
        Assert.Equal(
            at.IsCurrent ? Errno.Again : Errno.BadAddress,
            world.Hypervisor.MapDevice(ref world.Thread, vcpu, ipa + Page, device + Page, 2 * Page, isWritable: true));
        Assert.Equal(Errno.Invalid, world.Hypervisor.MapDevice(ref world.Thread, vcpu, ipa + 1, device, Page, isWritable: true));
        Assert.Equal(Errno.Range, world.Hypervisor.MapDevice(ref world.Thread, vcpu, (1UL << 40) - Page, device, 2 * Page, isWritable: true));
        Assert.Equal(Errno.None, world.Table.Unmap(ref world.Thread, ipa, 2 * Page));
        vcpu.Dispose();
        world.Finish();
    }
}
