using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using Xunit;
using static RingKit.Mmu.Stage2.Stage2Protection;
using static RingKit.Properties.Stage2.Stage2Layout;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Mapping and unmapping, with what they invalidate, and what is refused.</summary>
public sealed class Stage2CoreTests
{
    [Fact]
    public void A_block_takes_one_table_and_serves_reads_and_stores()
    {
        using var machine = new Stage2Machine();
        Assert.Equal(1, machine.Access(0, Base + Block + 0x3000, write: false));
        Assert.Equal(Errno.None, machine.Map(Base + Block, 2, Address + Block));
        Assert.Equal(1, machine.TablesInUse);
        Assert.Equal(2UL, machine.Table.Pool.ReferencesOn(0));
        ulong table = new Stage2Descriptor(machine.Table.Pool.EntryAt(0, 1)).TableAddress;
        Assert.Equal(2UL, machine.Table.Pool.ReferencesOn(table));

        Stage2Walk walk = machine.Table.Walk(Base + Block + 0x3123);
        Assert.Equal(0x0040_0001_0020_07FDUL, walk.Descriptor.Raw);
        Assert.Equal(Address + Block + 0x3123, walk.OutputAddress(Base + Block + 0x3123));
        Assert.Equal(-1, machine.Access(0, Base + Block + 0x3000, write: true));
        CheckCounts(machine, byIpa: 0, byRange: 0, local: 0);
        machine.CheckReferences();
        machine.CheckRules();
    }

    [Fact]
    public void A_store_dissolves_a_protected_block_and_maps_one_page()
    {
        using Stage2Machine machine = FourBlocks();
        Assert.Equal(Errno.None, machine.Table.WriteProtect(ref machine.Thread, Base, 4 * Block, out ulong changed));
        Assert.Equal(4UL, changed);
        machine.Flush();
        machine.Checker.Delivered();
        Assert.Equal(2, machine.Access(0, Base + Block + 0x3000, write: true));

        Assert.Equal(Errno.None, machine.Map(Base + Block + 0x3000, 3, Address + Block + 0x3000));
        CheckCounts(machine, byIpa: 1, byRange: 0, local: 0);
        Assert.Equal(-1, machine.Access(0, Base + Block + 0x3000, write: true));
        Assert.Equal(3, machine.Access(0, Base + Block + 0x2000, write: false));
        ulong table = machine.Table.Walk(Base + Block + 0x3000).IsMapped ? TableOf(machine, Base + Block) : 0;
        Assert.Equal(2UL, machine.Table.Pool.ReferencesOn(table));
        Assert.Equal(2, machine.Access(0, Base, write: true));
        Assert.Equal(-1, machine.Access(1, Base, write: false));
        machine.CheckReferences();
        machine.CheckRules();
    }

    [Fact]
    public void A_gigabyte_that_a_page_dissolves_leaves_a_table_of_one_entry_at_each_level()
    {
        using var machine = new Stage2Machine();
        Assert.Equal(Errno.None, machine.Map(Base, 1, Address));
        Assert.Equal(Errno.None, machine.Map(Base + Block + 0x3000, 3, Address + Block + 0x3000));
        CheckCounts(machine, byIpa: 1, byRange: 0, local: 0);
        Assert.Equal(2, machine.TablesInUse);
        Assert.Equal(2, machine.Table.Walk(Base).Level);
        Assert.False(machine.Table.Walk(Base).IsMapped);
        machine.CheckReferences();
        machine.CheckRules();
    }

    [Fact]
    public void A_block_over_a_table_frees_it_once_after_one_invalidation_of_the_range()
    {
        using var machine = new Stage2Machine();
        for (ulong i = 0; i < 3; i++)
            Assert.Equal(Errno.None, machine.Map(Base + (i * Page), 3, Address + (i * Page)));
        Assert.Equal(-1, machine.Access(1, Base + Page, write: true));
        Assert.Equal(2, machine.TablesInUse);
        Assert.Equal(Errno.None, machine.Map(Base, 2, Address));
        Assert.Equal(1, machine.TablesInUse);
        CheckCounts(machine, byIpa: 0, byRange: 1, local: 0);
        Assert.Empty(machine.Maintenance.Tlbs[1].Entries);
        machine.CheckReferences();
        machine.CheckRules();
    }

    [Fact]
    public void Unmapping_frees_what_is_empty_with_one_invalidation()
    {
        using Stage2Machine machine = FourBlocks();
        machine.Table.Split(ref machine.Thread, Base, machine.Cache);
        int before = machine.Maintenance.ByIpa;
        Assert.Equal(-1, machine.Access(1, Base, write: true));
        Assert.Equal(Errno.None, machine.Table.Unmap(ref machine.Thread, Base, Block - Page));
        Assert.Equal(2, machine.TablesInUse);
        Assert.Empty(machine.Maintenance.Tlbs[1].Entries);
        machine.CheckReferences();
        Assert.Equal(Errno.None, machine.Table.Unmap(ref machine.Thread, 0, 1UL << 40));
        Assert.Equal(0, machine.TablesInUse);
        Assert.Equal(2, machine.Maintenance.ByRange);
        Assert.Equal(Errno.None, machine.Table.Unmap(ref machine.Thread, 0, 1UL << 40));
        Assert.Equal(2, machine.Maintenance.ByRange);
        Assert.Equal(before, machine.Maintenance.ByIpa);
        machine.CheckReferences();
        machine.CheckRules();
    }

    [Fact]
    public void What_is_refused_changes_nothing()
    {
        using Stage2Machine machine = FourBlocks();
        Assert.Equal(Errno.Invalid, machine.Map(Base, 0, 0));
        Assert.Equal(Errno.Invalid, machine.Map(Base, 4, 0));
        Assert.Equal(Errno.Invalid, machine.Map(Base + Page, 2, 0));
        Assert.Equal(Errno.Invalid, machine.Map(Base, 2, Page));
        Assert.Equal(Errno.Invalid, machine.Map(Base, 3, 1UL << 48));
        Assert.Equal(Errno.Invalid, machine.Map(Base, 3, 0, new Stage2Attributes(1)));
        Assert.Equal(Errno.Range, machine.Map(1UL << 40, 3, 0));
        Assert.Equal(Errno.Again, machine.Map(Base, 2, Address));
        Assert.Equal(Errno.Again, machine.Map(Base, 2, Address, ReadOnly));
        Assert.Equal(Errno.NoMemory, machine.Table.Map(ref machine.Thread, 0, 3, 0, ReadOnly, cache: null));
        foreach ((ulong ipa, ulong size, Errno error) in ((ulong, ulong, Errno)[])[
            (0, 0, Errno.Invalid), (1, Page, Errno.Invalid), (0, 0x800, Errno.Invalid), (1UL << 40, Page, Errno.Range),
            (0, (1UL << 40) + Page, Errno.Range), (Page, ulong.MaxValue - Page + 1, Errno.Range)])
        {
            Assert.Equal(error, machine.Table.Unmap(ref machine.Thread, ipa, size));
            Assert.Equal(error, machine.Table.WriteProtect(ref machine.Thread, ipa, size, out _));
            Assert.Equal(error, machine.Table.ClearYoung(ref machine.Thread, ipa, size, out _));
        }

        Assert.Equal(Errno.Range, machine.Table.Split(ref machine.Thread, 1UL << 40, machine.Cache));
        Assert.Equal(Errno.Again, machine.Table.Split(ref machine.Thread, 0, machine.Cache));
        Assert.Equal(Errno.Range, machine.Table.Walk(1UL << 40).Error);
        CheckCounts(machine, byIpa: 0, byRange: 0, local: 0);
        for (ulong i = 0; i < 4; i++)
            Assert.Equal(Stage2Descriptor.Leaf(2, Address + (i * Block), ReadWrite), machine.Table.Walk(Base + (i * Block)).Descriptor);
        machine.CheckReferences();
        Assert.Throws<ArgumentException>("geometry", () => new Stage2Core<HardwareOrdering>(default, 1));

        using var small = new Stage2Machine(ipaBits: 32);
        Assert.Equal(Errno.Invalid, small.Map(0, 1, 0));
        Assert.Equal(Errno.None, small.Map((1UL << 32) - Block, 2, 0));
        Assert.Equal(2UL, small.Table.Pool.ReferencesOn(3 << 12));
        small.CheckReferences();
    }

    [Fact]
    public void An_entry_between_break_and_make_is_left_alone()
    {
        using Stage2Machine machine = FourBlocks();
        ref ulong entry = ref machine.Table.Pool.EntryAt(TableOf(machine, Base, level: 1), 1);
        ulong block = entry;
        entry = Stage2Descriptor.LockedNote;
        Assert.Equal(Errno.Again, machine.Map(Base + Block, 2, 0));
        Assert.Equal(Errno.Again, machine.Map(Base + Block, 3, 0));
        Assert.Equal(Errno.Again, machine.Table.Relax(ref machine.Thread, Base + Block, Write));
        Assert.Equal(Errno.Again, machine.Table.Split(ref machine.Thread, Base + Block, machine.Cache));
        Assert.Equal(Stage2Descriptor.LockedNote, entry);
        entry = block;
        machine.CheckReferences();
    }
}
