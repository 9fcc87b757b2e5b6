using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;
using static RingKit.Properties.Stage2.Faults.Scenarios.FaultCase;

namespace RingKit.Properties.Stage2.Faults.Scenarios;

/// <summary>How large a mapping the slot's and the host's addresses allow.</summary>
public sealed class LayoutScenarios
{
    private const ulong Start = Base + 0x10_0000;

    [Fact]
    public void Scenario_12_Only_the_block_inside_a_misaligned_slot_is_mapped_as_one() => InAll(Misaligned);

    [Fact]
    public void Scenario_12_Incongruent_addresses_allow_pages_alone() => InAll(Incongruent);

    [Fact]
    public void Hugetlbfs_of_2M_respects_the_slot_too() => InAll(HugeTlb);

    [Fact]
    public void Addresses_that_agree_below_2M_but_not_below_1G_allow_blocks_of_2M() => InAll(CongruentTo2M);

    [Fact]
    public void Without_transparent_huge_pages_there_are_pages_alone() => InAll(SmallPages);

    [Fact]
    public void A_drivers_region_gets_the_blocks_that_its_addresses_allow_and_only_as_a_device() => InAll(Driver);

    [Fact]
    public void Cacheable_memory_of_a_driver_needs_forced_write_back_and_coherent_instruction_caches() => InAll(CacheableDriver);

    internal static void Misaligned(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
        {
            world.Host.Add(new HostRegionSettings(Userspace, 4 * Block));
            world.AddSlot(Start, 2 * Block, userspace: Userspace + 0x10_0000);
        });
        LoadAll(world);
        for (ulong gfn = 0x40100; gfn < 0x40500; gfn++)
            Assert.Equal(gfn is >= 0x40200 and < 0x40400 ? 2 : 3, LevelOf(world, gfn * Page));
        Assert.Equal((512UL, 1UL), (world.Counts().Pages, world.Counts().Blocks));
        world.Finish();
    }

    internal static void Incongruent(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
        {
            world.Host.Add(new HostRegionSettings(Userspace, 4 * Block));
            world.AddSlot(Start, 2 * Block, userspace: Userspace);
        });
        LoadAll(world);
        for (ulong gfn = 0x40100; gfn < 0x40500; gfn++)
            Assert.Equal(3, LevelOf(world, gfn * Page));
        Assert.Equal(0UL, world.Counts().Blocks);
        world.Finish();
    }

    internal static void HugeTlb(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
        {
            world.Host.Add(new HostRegionSettings(Userspace, 4 * Block) { Kind = HostRegionKind.HugeTlb2M });
            world.AddSlot(Start, 2 * Block, userspace: Userspace + 0x10_0000);
        });
        LoadAll(world);
        Assert.Equal((512UL, 1UL), (world.Counts().Pages, world.Counts().Blocks));
        world.Finish();
    }

    internal static void CongruentTo2M(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
        {
            world.Host.Add(new HostRegionSettings(Userspace, 2 * Gigabyte) { Kind = HostRegionKind.HugeTlb1G });
            world.AddSlot(2 * Gigabyte, Gigabyte, userspace: Userspace + Block);
        });
        world.Load((2 * Gigabyte) + 0x3000);
        Assert.Equal(2, LevelOf(world, 2 * Gigabyte));
        world.Finish();
    }

    internal static void SmallPages(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block) { HasHugePages = false }));
        LoadAll(world);
        Assert.Equal((512UL, 0UL), (world.Counts().Pages, world.Counts().Blocks));
        world.Finish();
    }

    internal static void Driver(FaultCase at)
    {
        using FaultWorld world = at.World(world =>
        {
            world.AddSlot(Base, Block, new HostRegionSettings(Userspace, Block) { Kind = HostRegionKind.PfnMapped, PhysicalAddress = 0x20_0000_0000 });
            world.AddSlot(Base + Block, Block, new HostRegionSettings(Userspace + Block, Block)
            {
                Kind = HostRegionKind.PfnMapped,
                PhysicalAddress = 0x30_0000_1000,
            });
        });
        world.Store(Base + 0x3000);
        world.Store(Base + Block + 0x3000);
        Assert.Equal((at.IsCurrent ? 2 : 3, 3), (LevelOf(world, Base + 0x3000), LevelOf(world, Base + Block + 0x3000)));
        Assert.Equal(1, world.Table.Walk(Base + 0x3000).Descriptor.MemAttr);
        Assert.Equal(0x30_0000_4000UL, world.Table.Walk(Base + Block + 0x3000).OutputAddress(Base + Block + 0x3000));
        Stage2FaultOutcome fetch = world.Access(Base + Block + 0x5000, Stage2Access.Fetch, out int faults);
        Assert.Equal(at.IsCurrent ? (Stage2FaultOutcome.InstructionAbort, 1) : (Stage2FaultOutcome.HostFault, 2), (fetch, faults));
        world.Finish();
    }

    internal static void CacheableDriver(FaultCase at)
    {
        if (!at.IsCurrent)
            return;
        foreach (bool has in (bool[])[false, true])
        {
            using var world = new FaultWorld(at.Options with { HasForcedWriteBack = has, HasCoherentInstructionCache = has }, world => world.AddSlot(
                Base, Block, new HostRegionSettings(Userspace, Block) { Kind = HostRegionKind.PfnMapped, IsCacheable = true }));
            Assert.Equal(has ? Stage2FaultOutcome.Resume : Stage2FaultOutcome.HostFault, world.Access(Base, Stage2Access.Load, out _));
            if (has)
                Assert.Equal((6, 2), (world.Table.Walk(Base).Descriptor.MemAttr, LevelOf(world, Base)));
            world.Finish();
        }
    }

    private static void LoadAll(FaultWorld world)
    {
        for (ulong offset = 0; offset < world.Slot().Size; offset += Page)
            world.Load(world.Slot().BaseIpa + offset);
    }
}
