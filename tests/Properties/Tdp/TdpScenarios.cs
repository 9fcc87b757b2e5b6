using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.Tdp;

/// <summary>
/// What logging does to x86's second level: a slot of 8 MiB at 1 GiB, its four 2M ranges mapped by large leaves. Frame 0x40203 is its page 515.
/// </summary>
public sealed class TdpScenarios
{
    private const ulong Base = 0x40000;
    private static readonly ulong[] Ranges = [Base, Base + 0x200, Base + 0x400, Base + 0x600];

    private static TdpWorld World(
        TdpLogMethod method = TdpLogMethod.WriteProtection, bool eager = false, ManualProtect manual = ManualProtect.None, TdpRecovery recovery = TdpRecovery.InPlace)
    {
        var world = new TdpWorld(
            new TdpOptions
            {
                LogMethod = method,
                SplitsEagerly = eager,
                Recovery = recovery,
                Slots = [new TdpSlotOptions { SlotId = 0, UserspaceAddress = 0x7F00_0000_0000 }],
            },
            manual,
            (0, Base, 2048));
        foreach (ulong range in Ranges)
            Assert.Equal([TdpFaultOutcome.Mapped], world.Store(range + 5));
        Assert.Equal(new TdpMappings(0, 4, 0), world.Mappings);
        Assert.Equal(0, world.Flushes);
        return world;
    }

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

    [Theory]
    [InlineData(TdpLogMethod.WriteProtection)]
    [InlineData(TdpLogMethod.ModificationLog)]
    public void Scenario_11_A_cancelled_migration_recovers_four_large_leaves_in_place_with_one_flush_and_no_fault(TdpLogMethod method)
    {
        using TdpWorld world = World(method, eager: true);
        world.Start();
        world.Store(0x40203);
        world.Store(0x40603);
        int flushes = world.Flushes;
        Assert.Equal(new TdpRecovered(4, 0), world.Stop());
        Assert.Equal(flushes + 1, world.Flushes);
        Assert.Equal(new TdpMappings(0, 4, 0), world.Mappings);
        foreach (ulong range in Ranges)
            Assert.Empty(world.Load(range + 7));
        Assert.Equal(2, world.Core.Table.Pool.TakenTables - world.Vcpus.Sum(vcpu => vcpu.Cache.Count));
    }

    [Fact]
    public void Scenario_11_What_is_mixed_or_small_in_the_host_is_not_recovered()
    {
        using TdpWorld world = World(eager: true);
        world.Start();
        Assert.Equal(Errno.None, world.SetAttributes(Base + 0x210, Base + 0x211, isPrivate: true));
        world.SetHostLevel(0x400, 0x200, MappingLevel.Size4K);
        foreach (ulong range in Ranges)
            world.Load(range + 1);
        Assert.Equal(new TdpRecovered(2, 0), world.Stop());
        Assert.Equal([2, 1, 1, 2], Ranges.Select(range => world.LevelOf(range + 1)));
    }

    [Fact]
    public void Scenario_11_A_read_only_slot_is_not_recovered_and_its_log_stays_empty()
    {
        using var world = new TdpWorld(new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 0, IsReadOnly = true }] }, (0, Base, 2048));
        world.Start();
        foreach (ulong range in Ranges)
            Assert.Equal([TdpFaultOutcome.Mapped], world.Load(range + 7));
        Assert.Equal([TdpFaultOutcome.ReadOnly], world.Store(Base + 7));
        Assert.Equal(0ul, world.Log.Count());
        Assert.Equal(new TdpRecovered(0, 0), world.Stop());
        Assert.Equal(new TdpMappings(4, 0, 0), world.Mappings);
    }

    [Fact]
    public void Before_6_13_large_leaves_come_back_with_the_next_fault()
    {
        using TdpWorld world = World(eager: true, recovery: TdpRecovery.Zap);
        world.Start();
        world.Stop();
        Assert.Equal(new TdpMappings(0, 0, 0), world.Mappings);
        foreach (ulong range in Ranges)
            Assert.Equal([TdpFaultOutcome.Mapped], world.Load(range + 7));
        Assert.Equal(new TdpMappings(0, 4, 0), world.Mappings);
    }

    [Fact]
    public void A_misaligned_slot_has_small_pages_at_both_ends_and_an_incongruent_one_nothing_else()
    {
        foreach ((ulong address, TdpMappings expected) in
            ((ulong, TdpMappings)[])[(0x7F00_0010_0000, new TdpMappings(512, 1, 0)), (0x7F00_0000_0000, new TdpMappings(1024, 0, 0))])
        {
            using var world = new TdpWorld(
                new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 0, UserspaceAddress = address, HostLevel = MappingLevel.Size2M }] }, (0, 0x40100, 1024));
            world.Populate();
            Assert.Equal(expected, world.Mappings);
            LargePageInfo info = world.Core.Space.LargePagesAt(0x40210);
            uint[] before = [.. ((ulong[])[0x40100, 0x40200, 0x40400]).Select(gfn => info.CountOf(MappingLevel.Size2M, gfn))];
            Assert.Equal(address == 0x7F00_0010_0000 ? [1u, 0, 1] : [1u, 1, 1], before);
            Assert.Equal(1u, info.CountOf(MappingLevel.Size1G, 0x40100));

            info.AddWriteTracked(0x40210);
            world.SetHostLevel(0, 1024, MappingLevel.Size2M);
            Assert.Equal([TdpFaultOutcome.Mapped], world.Store(0x40300));
            Assert.Equal(1, world.LevelOf(0x40300));
            info.RemoveWriteTracked(0x40210);
            Assert.Equal(before, ((ulong[])[0x40100, 0x40200, 0x40400]).Select(gfn => info.CountOf(MappingLevel.Size2M, gfn)));
        }
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
    public void Five_hundred_and_twelve_stores_fit_into_the_modification_log_and_the_next_makes_one_exit_that_drains_them_oldest_first()
    {
        using TdpWorld world = World(TdpLogMethod.ModificationLog, eager: true);
        for (ulong page = 0; page < 2048; page++)
            world.Store(Base + page);
        world.Start();
        ulong faults = world.Faults.FixedUp + world.Faults.Mapped + world.Faults.Spurious;
        for (ulong page = 0; page < 512; page++)
            Assert.Empty(world.Store(Base + (page * 3)));
        Assert.Equal((0ul, 0ul, 512), (world.Faults.FullLogs, world.Log.Count(), world.Vcpus[0].Log.Count));

        // A store to a page that is dirty already is not logged, and so does not leave the guest.
        Assert.Empty(world.Store(Base));
        Assert.Equal(0ul, world.Faults.FullLogs);
        Assert.Empty(world.Store(Base + 2047));
        Assert.Equal((1ul, 512ul, 1), (world.Faults.FullLogs, world.Log.Count(), world.Vcpus[0].Log.Count));
        Assert.Equal(Enumerable.Range(0, 512).Select(page => (ulong)page * 3), world.Marks);
        Assert.Equal(faults, world.Faults.FixedUp + world.Faults.Mapped + world.Faults.Spurious);

        // A fetch brings in what the processor still holds.
        Assert.Equal(513, world.Get().Length);
        Assert.Empty(world.Get());
        Assert.Empty(world.Store(Base + 2047));
        Assert.Equal([2047ul], world.Get());
    }

    [Fact]
    public void A_modification_log_starts_with_D_cleared_of_small_leaves_and_W_of_large_ones()
    {
        using TdpWorld world = World(TdpLogMethod.ModificationLog);
        world.SetHostLevel(0x400, 0x400, MappingLevel.Size4K);
        world.Store(Base + 0x401);
        world.Start();
        Spte large = world.Core.Table.Walk(Base, out int level);
        Assert.Equal((2, false, true), (level, large.IsWritable, large.IsDirty));
        Spte small = world.Core.Table.Walk(Base + 0x401, out level);
        Assert.Equal((1, true, false), (level, small.IsWritable, small.IsDirty));
        Assert.Empty(world.Store(Base + 0x401));
        Assert.Equal([TdpFaultOutcome.Mapped], world.Store(Base));
        Assert.Equal([0ul, 0x401], world.Get());
    }

    [Fact]
    public void A_nested_guests_leaves_lose_W_where_others_lose_D()
    {
        using var world = new TdpWorld(new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, HostLevel = MappingLevel.Size4K }, (0, Base, 64));
        var thread = new TdpWorldThread(world);
        world.Store(Base);
        Assert.Equal(TdpFaultOutcome.Mapped, world.Core.HandleFault(ref thread, world.Vcpus[0], new TdpAccess(Base + 1, IsWrite: true, IsNested: true)));
        world.Start();
        Spte plain = world.Core.Table.Walk(Base, out _), nested = world.Core.Table.Walk(Base + 1, out _);
        Assert.Equal((true, false), (plain.IsWritable, plain.IsDirty));
        Assert.Equal((false, true), (nested.IsWritable, nested.IsMmuWritable));
        Assert.Equal([TdpFaultOutcome.FixedUp], world.Store(Base + 1));
        world.Drain();
        Assert.Equal([1ul], world.Marks);
        world.Get();
        Assert.False(world.Core.Table.Walk(Base + 1, out _).IsWritable);
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
