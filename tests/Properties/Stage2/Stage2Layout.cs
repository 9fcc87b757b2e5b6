using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Page tables to begin with, and what is looked up in them.</summary>
internal static class Stage2Layout
{
    /// <summary>Where the guest has it, and where it is.</summary>
    public const ulong Base = 0x4000_0000, Address = 0x1_0000_0000;

    /// <summary>Four blocks from <see cref="Base"/> on.</summary>
    public static Stage2Machine FourBlocks(Stage2Attributes? attributes = null)
    {
        var machine = new Stage2Machine();
        for (ulong i = 0; i < 4; i++)
            Assert.Equal(Errno.None, machine.Map(Base + (i * Block), 2, Address + (i * Block), attributes));
        return machine;
    }

    /// <summary>64 pages from <see cref="Base"/> on.</summary>
    public static Stage2Machine Pages()
    {
        var machine = new Stage2Machine();
        for (ulong i = 0; i < 64; i++)
            Assert.Equal(Errno.None, machine.Map(Base + (i * Page), 3, Address + (i * Page)));
        return machine;
    }

    /// <summary>The table that the entry of a level names.</summary>
    public static ulong TableOf(Stage2Machine machine, ulong ipa, int level = 2)
    {
        ulong table = 0;
        for (int at = machine.Table.Geometry.StartLevel; at <= level; at++)
            table = new Stage2Descriptor(machine.Table.Pool.EntryAt(table, machine.Table.Geometry.IndexAt(ipa, at))).TableAddress;
        return table;
    }

    /// <summary>What was invalidated so far.</summary>
    public static void CheckCounts(Stage2Machine machine, int byIpa, int byRange, int local) =>
        Assert.Equal((byIpa, byRange, local), (machine.Maintenance.ByIpa, machine.Maintenance.ByRange, machine.Maintenance.Local));
}
