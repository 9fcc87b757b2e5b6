using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using Xunit;
using static RingKit.Properties.Tdp.FourLargeLeaves;

namespace RingKit.Properties.Tdp;

/// <summary>What the processor logs by itself: <see cref="FourLargeLeaves"/>.</summary>
public sealed class ModificationLogScenarios
{
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
}
