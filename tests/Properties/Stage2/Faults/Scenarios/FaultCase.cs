using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;

namespace RingKit.Properties.Stage2.Faults.Scenarios;

/// <summary>Where a scenario runs.</summary>
/// <param name="Generation">The fault handler.</param>
/// <param name="Defects">Past bugs that are back.</param>
internal sealed record FaultCase(Stage2Generation Generation, Stage2Defects Defects = Stage2Defects.None)
{
    public bool IsCurrent => Generation == Stage2Generation.Current;

    /// <summary>XN of memory that no fetch has faulted on: 2014 allows execution from the start.</summary>
    public ulong NoExecute => IsCurrent ? 0x0040_0000_0000_0000UL : 0;

    public Stage2Options Options => new() { Generation = Generation, Defects = Defects, MaximumTables = 4096 };

    public static FaultCase[] All(Stage2Defects defects = Stage2Defects.None) =>
        [.. Enum.GetValues<Stage2Generation>().Select(generation => new FaultCase(generation, defects))];

    /// <summary>Runs a scenario in both generations.</summary>
    public static void InAll(Action<FaultCase> scenario)
    {
        foreach (FaultCase at in All())
            scenario(at);
    }

    /// <summary>Set-up "S", or one laid out otherwise.</summary>
    public FaultWorld World(Action<FaultWorld>? layOut = null) => new(Options, layOut);

    /// <summary>"S" with all four blocks mapped, then logged.</summary>
    public FaultWorld Logged()
    {
        FaultWorld world = World();
        for (ulong block = 0; block < 4; block++)
            Assert.Equal(1, world.Load(Base + (block * Block)));
        Assert.Equal(4UL, world.StartLog());
        Assert.Equal((0, 0, 1, 0), Flushes(world));
        Assert.Equal(0UL, world.Counts().Dissolved);
        Assert.Empty(world.Dirty());
        return world;
    }

    /// <summary>Invalidations by address, of a range, of all, and in one vCPU.</summary>
    public static (int ByIpa, int ByRange, int OfAll, int Local) Flushes(FaultWorld world) =>
        (world.Maintenance.ByIpa, world.Maintenance.ByRange, world.Maintenance.OfAll, world.Maintenance.Local);

    /// <summary>The table of the pages of a block of "S".</summary>
    public static ulong TableBelow(FaultWorld world, ulong block)
    {
        ulong level2 = new Stage2Descriptor(world.Table.Pool.EntryAt(0, 1)).TableAddress;
        var entry = new Stage2Descriptor(world.Table.Pool.EntryAt(level2, block));
        Assert.True(entry.IsTableAt(2));
        return entry.TableAddress;
    }

    /// <summary>The level that maps an address.</summary>
    public static int LevelOf(FaultWorld world, ulong ipa)
    {
        Stage2Walk walk = world.Table.Walk(ipa);
        Assert.True(walk.IsMapped);
        return walk.Level;
    }
}
