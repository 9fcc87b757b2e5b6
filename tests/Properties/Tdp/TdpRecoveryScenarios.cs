using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using Xunit;
using static RingKit.Properties.Tdp.FourLargeLeaves;

namespace RingKit.Properties.Tdp;

/// <summary>What becomes of x86's second level when logging stops: <see cref="FourLargeLeaves"/>.</summary>
public sealed class TdpRecoveryScenarios
{
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
}
