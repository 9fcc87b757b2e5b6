using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using Xunit;
using static RingKit.Mmu.Stage2.Stage2Protection;
using static RingKit.Properties.Stage2.Stage2Layout;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Blocks that are split into leaves, and leaves that become a block again.</summary>
public sealed class Stage2SplitTests
{
    [Fact]
    public void A_split_block_has_512_leaves_with_its_attributes_and_collapses_to_what_it_was()
    {
        using Stage2Machine machine = FourBlocks();
        Stage2Walk before = machine.Table.Walk(Base + Block);
        Assert.Equal(-1, machine.Access(0, Base + Block, write: true));
        Assert.Equal(Errno.None, machine.Table.Split(ref machine.Thread, Base + Block + 0x5000, machine.Cache));
        CheckCounts(machine, byIpa: 1, byRange: 0, local: 0);
        for (ulong i = 0; i < 512; i++)
        {
            Stage2Walk walk = machine.Table.Walk(Base + Block + (i * Page));
            Assert.Equal(3, walk.Level);
            Assert.Equal(Address + Block + (i * Page), walk.OutputAddress(Base + Block + (i * Page)));
            Assert.Equal(before.Descriptor.Attributes, walk.Descriptor.Attributes);
        }

        Assert.Equal(513UL, machine.Table.Pool.ReferencesOn(TableOf(machine, Base + Block)));
        machine.CheckReferences();
        Assert.Equal(Errno.None, machine.Table.Split(ref machine.Thread, Base + Block, machine.Cache));
        Assert.Equal(2, machine.TablesInUse);

        Assert.Equal(Errno.None, machine.Table.Collapse(ref machine.Thread, Base + Block + 0x7000, 2));
        Assert.Equal(before, machine.Table.Walk(Base + Block));
        Assert.Equal(1, machine.TablesInUse);
        CheckCounts(machine, byIpa: 1, byRange: 1, local: 0);
        machine.CheckReferences();
        machine.CheckRules();
    }

    [Fact]
    public void Leaves_that_are_not_one_block_stay_a_table()
    {
        using Stage2Machine machine = FourBlocks();
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, Base, 2));
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, Base, 3));
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, Base, 0));
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, Base, 1));
        Assert.Equal(Errno.Range, machine.Table.Collapse(ref machine.Thread, 1UL << 40, 2));

        machine.Table.Split(ref machine.Thread, Base, machine.Cache);
        machine.Table.WriteProtect(ref machine.Thread, Base + (511 * Page), Page, out _);
        machine.Flush();
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, Base, 2));
        machine.Table.Relax(ref machine.Thread, Base + (511 * Page), Write);
        machine.Table.Unmap(ref machine.Thread, Base + Page, Page);
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, Base, 2));
        machine.Map(Base + Page, 3, Address);
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, Base, 2));
        machine.Map(Base + Page, 3, Address + Page);
        machine.Table.ClearYoung(ref machine.Thread, Base, Page, out _);
        Assert.Equal(Errno.None, machine.Table.Collapse(ref machine.Thread, Base, 2));
        Assert.True(machine.Table.Walk(Base).Descriptor.IsAccessed);
        machine.CheckReferences();
        machine.CheckRules();
    }

    [Fact]
    public void A_gigabyte_is_split_into_pages_at_once_if_the_cache_has_513_tables()
    {
        using (var machine = new Stage2Machine(cache: 513))
        {
            machine.Map(Base, 1, Gigabyte);
            Assert.Equal(Errno.None, machine.Table.Split(ref machine.Thread, Base, machine.Cache));
            Assert.Equal(513, machine.TablesInUse);
            CheckCounts(machine, byIpa: 1, byRange: 0, local: 0);
            for (ulong at = 0; at < Gigabyte; at += 0x1F_F000)
                Assert.Equal(Gigabyte + at, machine.Table.Walk(Base + at).OutputAddress(Base + at));
            machine.CheckReferences();
            for (ulong at = 0; at < Gigabyte; at += Block)
                Assert.Equal(Errno.None, machine.Table.Collapse(ref machine.Thread, Base + at, 2));
            Assert.Equal(Errno.None, machine.Table.Collapse(ref machine.Thread, Base, 1));
            Assert.Equal(0, machine.TablesInUse);
            machine.CheckReferences();
            machine.CheckRules();
        }

        using (var machine = new Stage2Machine(cache: 8))
        {
            machine.Map(Base, 1, Gigabyte);
            ulong cursor = Base;
            int refills = 0;
            while (machine.Table.SplitRange(ref machine.Thread, ref cursor, Base + Gigabyte, machine.Cache) == Errno.NoMemory)
            {
                refills++;
                machine.TopUp();
            }

            Assert.Equal(513, machine.TablesInUse);
            Assert.Equal(64, refills);
            CheckCounts(machine, byIpa: 513, byRange: 0, local: 0);
            machine.CheckReferences();
            machine.CheckRules();
        }
    }
}
