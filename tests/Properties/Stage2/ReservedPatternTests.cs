using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Entries of patterns that the architecture reserves, put into a table by hand: they map nothing, and no operation follows or trusts them.</summary>
public sealed class ReservedPatternTests
{
    private const ulong Ipa = 0x4000_0000;

    // A valid entry without the type bit: no page at level 3, no block at level 0.
    private static readonly ulong[] Patterns = [1, 0x7FD, 0x0040_0001_0020_07FD, ulong.MaxValue & ~2ul];

    [Fact]
    public void Reserved_entries_of_pages_map_nothing_and_give_way()
    {
        foreach (ulong pattern in Patterns)
        {
            using var machine = new Stage2Machine();
            Assert.Equal(Errno.None, machine.Map(Ipa, 3, 0x1_0000_0000));
            Assert.Equal(Errno.None, machine.Map(Ipa + Page, 3, 0x1_0000_1000));
            Check(machine, Ipa, 3, pattern);
            Assert.Equal(Errno.None, machine.Map(Ipa, 3, 0x1_0000_0000));
            Assert.True(machine.Table.Walk(Ipa).IsMapped);
            Finish(machine);
        }
    }

    [Fact]
    public void Reserved_entries_of_the_highest_level_map_nothing_and_give_way()
    {
        foreach (ulong pattern in Patterns)
        {
            using var machine = new Stage2Machine(ipaBits: 48);
            Assert.Equal(Errno.None, machine.Map(0, 3, 0x1_0000_0000));
            ref ulong entry = ref machine.Table.Pool.EntryAt(0, 1);
            entry = pattern;
            machine.Table.Pool.Reference(0);
            Check(machine, 1ul << 39, 0, pattern);
            Assert.Equal(Errno.None, machine.Map(1ul << 39, 3, 0x1_0000_0000));
            Assert.True(machine.Table.Walk(1ul << 39).IsMapped);
            Finish(machine);
        }
    }

    private static void Check(Stage2Machine machine, ulong ipa, int level, ulong pattern)
    {
        ulong table = 0;
        for (int at = machine.Table.Geometry.StartLevel; at < level; at++)
            table = new Stage2Descriptor(machine.Table.Pool.EntryAt(table, machine.Table.Geometry.IndexAt(ipa, at))).TableAddress;
        ref ulong entry = ref machine.Table.Pool.EntryAt(table, machine.Table.Geometry.IndexAt(ipa, level));
        entry = pattern;
        Assert.Equal(Stage2DescriptorKind.Reserved, new Stage2Descriptor(pattern).KindAt(level));
        Stage2Walk walk = machine.Table.Walk(ipa + 5);
        Assert.False(walk.IsMapped);
        Assert.Equal((level, pattern), (walk.Level, walk.Descriptor.Raw));

        Assert.Equal(Errno.Again, machine.Table.Relax(ref machine.Thread, ipa, Stage2Protection.Write));
        Assert.Equal(Errno.Again, machine.Table.SetYoung(ref machine.Thread, ipa));
        Assert.Equal(Errno.Again, machine.Table.Split(ref machine.Thread, ipa, machine.Cache));
        Assert.Equal(Errno.None, machine.Table.WriteProtect(ref machine.Thread, ipa, Page, out ulong changed));
        Assert.Equal(0ul, changed);
        Assert.Equal(Errno.None, machine.Table.WriteProtectExact(ref machine.Thread, ipa, 1, out changed));
        Assert.Equal(0ul, changed);
        Assert.Equal(Errno.None, machine.Table.ClearYoung(ref machine.Thread, ipa, Page, out changed));
        Assert.Equal(0ul, changed);
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, ipa, 2));
        ulong start = ipa;
        Assert.Equal(Errno.None, machine.Table.SplitRange(ref machine.Thread, ref start, ipa + Page, machine.Cache));
        Assert.Equal(pattern, entry);
    }

    private static void Finish(Stage2Machine machine)
    {
        machine.CheckReferences();
        Assert.Equal(Errno.None, machine.Table.Unmap(ref machine.Thread, 0, machine.Table.Geometry.IpaSize));
        Assert.Equal(0, machine.TablesInUse);
        machine.CheckReferences();
    }
}
