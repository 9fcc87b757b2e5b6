using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using Xunit;
using static RingKit.Properties.Tdp.FourLargeLeaves;

namespace RingKit.Properties.Tdp;

/// <summary>What logging does to x86's second level: <see cref="FourLargeLeaves"/>.</summary>
public sealed class TdpScenarios
{
    [Fact]
    public void Starting_the_log_takes_W_from_four_large_leaves_with_one_flush_and_no_split()
    {
        using TdpWorld world = World();
        Assert.Equal(Errno.None, world.Start());
        Assert.Equal((1, 4ul, 0ul), (world.Flushes, world.Core.Counts.Protected, world.Core.Counts.EagerSplits));
        Assert.Equal(new TdpMappings(0, 4, 0), world.Mappings);
        foreach (ulong range in Ranges)
        {
            Spte spte = world.Core.Table.Walk(range, out int level);
            Assert.Equal((2, false, true), (level, spte.IsWritable, spte.IsMmuWritable));
        }

        Assert.Equal(0ul, world.Log.Count());
    }

    [Fact]
    public void A_store_to_a_large_leaf_under_logging_splits_it_into_512_leaves_of_which_one_is_writable()
    {
        using TdpWorld world = World();
        world.Start();
        int flushes = world.Flushes;
        Assert.Equal([TdpFaultOutcome.Mapped], world.Store(0x40203));
        Assert.Equal((1ul, flushes), (world.Faults.Splits, world.Flushes));
        Assert.Equal(new TdpMappings(512, 3, 0), world.Mappings);
        for (ulong gfn = 0x40200; gfn < 0x40400; gfn++)
        {
            Spte spte = world.Core.Table.Walk(gfn, out int level);
            Assert.Equal((1, gfn == 0x40203, true), (level, spte.IsWritable, spte.IsMmuWritable));
        }

        Assert.Equal((1ul, true), (world.Log.Count(), world.Log.IsDirty(515)));

        // The others serve loads at once; a store to one is fixed up without the lock.
        Assert.Empty(world.Load(0x40207));
        Assert.Equal([TdpFaultOutcome.FixedUp], world.Store(0x40207));
        Assert.True(world.Log.IsDirty(519));
    }

    [Fact]
    public void A_read_fault_under_logging_maps_writable_and_marks_at_once()
    {
        using var world = new TdpWorld(new TdpOptions(), (0, Base, 2048));
        world.Start();
        Assert.Equal([TdpFaultOutcome.Mapped], world.Load(0x40207));
        Assert.True(world.Log.IsDirty(519));
        Assert.Empty(world.Store(0x40207));
        Assert.Equal(1ul, world.Log.Count());
        Assert.Equal(new TdpMappings(1, 0, 0), world.Mappings);
    }

    [Fact]
    public void A_read_fault_that_maps_read_only_marks_nothing()
    {
        using var world = new TdpWorld(new TdpOptions { MapsReadsWritable = false }, (0, Base, 2048));
        world.Start();
        Assert.Equal([TdpFaultOutcome.Mapped], world.Load(0x40207));
        Assert.False(world.Log.IsDirty(519));
        Assert.Equal([TdpFaultOutcome.Mapped], world.Store(0x40207));
        Assert.True(world.Log.IsDirty(519));
    }

    [Fact]
    public void Fetching_takes_bit_515_protects_that_leaf_and_flushes_once_and_a_second_fetch_finds_nothing()
    {
        using TdpWorld world = World();
        world.Start();
        world.Store(0x40203);
        int flushes = world.Flushes;
        Assert.Equal([515ul], world.Get());
        Assert.Equal((flushes + 1, 0ul), (world.Flushes, world.Log.Count()));
        Assert.False(world.Core.Table.Walk(0x40203, out _).IsWritable);
        Assert.Empty(world.Get());
        Assert.Equal(flushes + 1, world.Flushes);
        Assert.Equal([TdpFaultOutcome.FixedUp], world.Store(0x40203));
        Assert.Equal([515ul], world.Get());
    }

    [Fact]
    public void Manual_protection_clears_exact_bits_so_that_a_store_between_them_does_not_fault()
    {
        using TdpWorld world = World(manual: ManualProtect.Enabled);
        world.Start();
        for (ulong page = 515; page <= 522; page++)
            world.Store(Base + page);
        int flushes = world.Flushes;
        Assert.Equal([515ul, 516, 517, 518, 519, 520, 521, 522], world.Get());
        Assert.Equal(8ul, world.Log.Count());
        Assert.Equal(flushes, world.Flushes);

        Assert.Equal(Errno.None, world.Clear(512, 64, 515, 522));
        Assert.Equal(flushes + 1, world.Flushes);
        Assert.Equal([516ul, 517, 518, 519, 520, 521], world.Get());
        for (ulong page = 515; page <= 522; page++)
            Assert.Equal(page is not (515 or 522), world.Core.Table.Walk(Base + page, out _).IsWritable);
        Assert.Empty(world.Store(Base + 518));
        Assert.Equal([TdpFaultOutcome.FixedUp], world.Store(Base + 522));

        Assert.Equal(Errno.Invalid, world.Clear(3, 64));
        Assert.Equal(Errno.Invalid, world.Clear(512, 10));
        Assert.Equal(Errno.None, world.Clear(1984, 64));
        Assert.Equal(Errno.Invalid, world.Clear(1984, 128));
        world.Stop();
        Assert.Equal(Errno.NoEntry, world.Clear(512, 64));
    }

    [Fact]
    public void Eager_splitting_leaves_no_large_leaf_and_a_store_is_fixed_up()
    {
        using TdpWorld world = World(eager: true);
        world.Start();
        Assert.Equal((1, 4ul), (world.Flushes, world.Core.Counts.EagerSplits));
        Assert.Equal(new TdpMappings(2048, 0, 0), world.Mappings);
        Assert.Equal([TdpFaultOutcome.FixedUp], world.Store(0x40203));
        for (ulong gfn = 0x40200; gfn < 0x40400; gfn++)
            Assert.Empty(world.Load(gfn));
        Assert.Equal([515ul], world.Get());
    }

    [Fact]
    public void An_invalidation_lets_faults_elsewhere_proceed_until_it_ends_and_then_fails_those_that_began_before()
    {
        using var world = new TdpWorld(new TdpOptions(), (0, Base, 2048));
        var thread = new TdpWorldThread(world);
        for (int i = 0; i < 5; i++)
        {
            world.Core.BeginInvalidation(ref thread, Base, Base + 1);
            world.Core.EndInvalidation(ref thread);
        }

        Assert.Equal(5ul, world.Core.Invalidations.Snapshot);
        world.Start();
        Assert.Equal(Errno.None, world.Vcpus[0].Cache.TopUp(3));
        var inside = world.Core.Begin(world.Slot, new TdpAccess(0x40203, IsWrite: true));
        var outside = world.Core.Begin(world.Slot, new TdpAccess(0x40603, IsWrite: true));
        var late = world.Core.Begin(world.Slot, new TdpAccess(0x40604, IsWrite: true));
        world.Core.BeginInvalidation(ref thread, 0x40200, 0x40400);
        Assert.Equal(TdpFaultOutcome.Retry, world.Core.Complete(ref thread, world.Vcpus[0], inside));
        Assert.Equal((0, 0ul), (world.LevelOf(0x40203), world.Log.Count()));
        Assert.Equal(TdpFaultOutcome.Mapped, world.Core.Complete(ref thread, world.Vcpus[0], outside));

        world.Core.EndInvalidation(ref thread);
        Assert.Equal(6ul, world.Core.Invalidations.Snapshot);
        Assert.Equal(TdpFaultOutcome.Retry, world.Core.Complete(ref thread, world.Vcpus[0], inside));
        Assert.Equal(TdpFaultOutcome.Retry, world.Core.Complete(ref thread, world.Vcpus[0], late));
        Assert.Equal([TdpFaultOutcome.Mapped], world.Store(0x40203));
        Assert.Equal([515ul, 1539], world.Get());
    }

    [Fact]
    public void Initially_all_set_protects_nothing_until_a_clear_splits_what_its_words_touch()
    {
        using TdpWorld world = World(eager: true, manual: ManualProtect.Enabled | ManualProtect.InitiallySet);
        world.Start();
        Assert.Equal((0, 2048ul, new TdpMappings(0, 4, 0)), (world.Flushes, world.Log.Count(), world.Mappings));
        Assert.Empty(world.Store(0x40203));

        // The word of pages 1024 to 1087 touches one large leaf.
        Assert.Equal(Errno.None, world.Clear(1024, 64, 1030));
        Assert.Equal(new TdpMappings(512, 3, 0), world.Mappings);
        Assert.False(world.Core.Table.Walk(Base + 1030, out _).IsWritable);
        Assert.True(world.Core.Table.Walk(Base + 1031, out _).IsWritable);
    }

    [Fact]
    public void Guest_memfd_is_refused_as_KVM_does_unless_the_extension_is_on()
    {
        TdpSlotOptions[] slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.Mmap, GmemOrder = 9 }];
        using (var world = new TdpWorld(new TdpOptions { Slots = slots }, (0, Base, 2048)))
        {
            Assert.Equal((Errno.Invalid, Errno.Invalid), (world.Core.CanLog(world.Slot), world.Start()));
            Assert.False(world.Slot.Logs);
        }

        using (var world = new TdpWorld(new TdpOptions { Slots = slots, Mapping = new MappingOptions { LogsGuestMemfd = true } }, (0, Base, 2048)))
            Assert.Equal((Errno.None, Errno.None), (world.Core.CanLog(world.Slot), world.Start()));
    }
}
