using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using Xunit;
using static RingKit.Mmu.Stage2.Stage2Protection;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Each operation on a page table, with what it invalidates.</summary>
public sealed class Stage2CoreTests
{
    private const ulong Base = 0x4000_0000, Memory = 0x1_0000_0000;

    [Fact]
    public void A_block_takes_one_table_and_serves_reads_and_stores()
    {
        using var machine = new Stage2Machine();
        Assert.Equal(1, machine.Access(0, Base + Block + 0x3000, write: false));
        Assert.Equal(Errno.None, machine.Map(Base + Block, 2, Memory + Block));
        Assert.Equal(1, machine.TablesInUse);
        Assert.Equal(2UL, machine.Table.Pool.ReferencesOn(0));
        ulong table = new Stage2Descriptor(machine.Table.Pool.EntryAt(0, 1)).TableAddress;
        Assert.Equal(2UL, machine.Table.Pool.ReferencesOn(table));

        Stage2Walk walk = machine.Table.Walk(Base + Block + 0x3123);
        Assert.Equal(0x0040_0001_0020_07FDUL, walk.Descriptor.Raw);
        Assert.Equal(Memory + Block + 0x3123, walk.OutputAddress(Base + Block + 0x3123));
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

        Assert.Equal(Errno.None, machine.Map(Base + Block + 0x3000, 3, Memory + Block + 0x3000));
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
        Assert.Equal(Errno.None, machine.Map(Base, 1, Memory));
        Assert.Equal(Errno.None, machine.Map(Base + Block + 0x3000, 3, Memory + Block + 0x3000));
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
            Assert.Equal(Errno.None, machine.Map(Base + (i * Page), 3, Memory + (i * Page)));
        Assert.Equal(-1, machine.Access(1, Base + Page, write: true));
        Assert.Equal(2, machine.TablesInUse);
        Assert.Equal(Errno.None, machine.Map(Base, 2, Memory));
        Assert.Equal(1, machine.TablesInUse);
        CheckCounts(machine, byIpa: 0, byRange: 1, local: 0);
        Assert.Empty(machine.Maintenance.Tlbs[1].Entries);
        machine.CheckReferences();
        machine.CheckRules();
    }

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
            Assert.Equal(Memory + Block + (i * Page), walk.OutputAddress(Base + Block + (i * Page)));
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
        machine.Map(Base + Page, 3, Memory);
        Assert.Equal(Errno.Invalid, machine.Table.Collapse(ref machine.Thread, Base, 2));
        machine.Map(Base + Page, 3, Memory + Page);
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

    [Fact]
    public void A_word_of_the_bitmap_protects_its_span_on_arm64_and_its_bits_on_x86()
    {
        const ulong Mask = (1UL << 3) | (1UL << 10) | (1UL << 63);
        using (Stage2Machine machine = Pages())
        {
            Assert.Equal(Errno.None, machine.Table.WriteProtectSpan(ref machine.Thread, Base, Mask & ~(1UL << 63), out ulong changed));
            Assert.Equal(8UL, changed);
            Assert.Equal(0x7F8UL, Protected(machine));
        }

        using (Stage2Machine machine = Pages())
        {
            Assert.Equal(Errno.None, machine.Table.WriteProtectExact(ref machine.Thread, Base, Mask | 0x10, out ulong changed));
            Assert.Equal(4UL, changed);
            Assert.Equal(Mask | 0x10, Protected(machine));
            Assert.Equal(Errno.None, machine.Table.WriteProtectExact(ref machine.Thread, Base, ulong.MaxValue, out changed));
            Assert.Equal(60UL, changed);
            Assert.Equal(Errno.None, machine.Table.WriteProtectExact(ref machine.Thread, Base, 0, out changed));
            Assert.Equal(Errno.None, machine.Table.WriteProtectSpan(ref machine.Thread, Base, 0, out changed));
            Assert.Equal(0UL, changed);
        }

        using (Stage2Machine machine = FourBlocks())
        {
            // 64 pages that reach into two blocks take the permission of both, as a whole.
            Assert.Equal(Errno.None, machine.Table.WriteProtectSpan(ref machine.Thread, Base + Block - (32 * Page), ulong.MaxValue, out ulong changed));
            Assert.Equal(2UL, changed);
            Assert.False(machine.Table.Walk(Base).Descriptor.IsWritable);
            Assert.True(machine.Table.Walk(Base + (2 * Block)).Descriptor.IsWritable);
            Assert.Equal(Errno.Range, machine.Table.WriteProtectExact(ref machine.Thread, (1UL << 40) - Page, 3, out changed));
            Assert.Equal(0UL, changed);
        }
    }

    [Fact]
    public void A_permission_that_is_regained_is_invalidated_in_one_vcpu_alone()
    {
        using Stage2Machine machine = FourBlocks(ReadOnly);
        Assert.Equal(2, machine.Access(0, Base, write: true));
        Assert.Equal(2, machine.Access(1, Base, write: true));
        Assert.Equal(Errno.None, machine.Table.Relax(ref machine.Thread, Base + 0x5000, Write));
        CheckCounts(machine, byIpa: 0, byRange: 0, local: 1);
        Assert.Equal(-1, machine.Access(0, Base, write: true));

        // The other one faults once more, finds it done, and drops what it has.
        Assert.Equal(2, machine.Access(1, Base, write: true));
        MaintainingThread other = machine.Maintenance.ThreadOf(1);
        Assert.Equal(Errno.None, machine.Table.Relax(ref other, Base, Write));
        Assert.Equal(-1, machine.Access(1, Base, write: true));

        Assert.Equal(Errno.None, machine.Table.Relax(ref machine.Thread, Base, KernelExecute));
        Assert.Equal(Stage2Execute.KernelOnly, machine.Table.Walk(Base).Descriptor.Execute);
        Assert.Equal(Errno.None, machine.Table.Relax(ref machine.Thread, Base, UserExecute));
        Assert.Equal(Stage2Execute.Everywhere, machine.Table.Walk(Base).Descriptor.Execute);
        Assert.Equal(Errno.Again, machine.Table.Relax(ref machine.Thread, Base + (5 * Block), Write));
        Assert.Equal(Errno.Invalid, machine.Table.Relax(ref machine.Thread, Base, Device));
        Assert.Equal(Errno.Range, machine.Table.Relax(ref machine.Thread, ulong.MaxValue, Write));
        machine.CheckRules();
    }

    [Fact]
    public void Age_is_counted_and_comes_back_without_an_invalidation()
    {
        using Stage2Machine machine = FourBlocks();
        Assert.Equal(Errno.None, machine.Table.ClearYoung(ref machine.Thread, Base, 4 * Block, out ulong young));
        Assert.Equal(4UL, young);
        Assert.Equal(2, machine.Access(0, Base, write: false));
        Assert.Equal(Errno.None, machine.Table.SetYoung(ref machine.Thread, Base + 0x1000));
        Assert.Equal(-1, machine.Access(0, Base, write: true));
        Assert.Equal(Errno.None, machine.Table.ClearYoung(ref machine.Thread, Base, 4 * Block, out young));
        Assert.Equal(1UL, young);
        Assert.Equal(Errno.Again, machine.Table.SetYoung(ref machine.Thread, 0));
        Assert.Equal(Errno.Range, machine.Table.SetYoung(ref machine.Thread, 1UL << 40));
        CheckCounts(machine, byIpa: 0, byRange: 0, local: 0);
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
        Assert.Equal(Errno.Again, machine.Map(Base, 2, Memory));
        Assert.Equal(Errno.Again, machine.Map(Base, 2, Memory, ReadOnly));
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
            Assert.Equal(Stage2Descriptor.Leaf(2, Memory + (i * Block), ReadWrite), machine.Table.Walk(Base + (i * Block)).Descriptor);
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

    private static Stage2Machine FourBlocks(Stage2Attributes? attributes = null)
    {
        var machine = new Stage2Machine();
        for (ulong i = 0; i < 4; i++)
            Assert.Equal(Errno.None, machine.Map(Base + (i * Block), 2, Memory + (i * Block), attributes));
        return machine;
    }

    private static Stage2Machine Pages()
    {
        var machine = new Stage2Machine();
        for (ulong i = 0; i < 64; i++)
            Assert.Equal(Errno.None, machine.Map(Base + (i * Page), 3, Memory + (i * Page)));
        return machine;
    }

    private static ulong Protected(Stage2Machine machine)
    {
        ulong mask = 0;
        for (int i = 0; i < 64; i++)
            mask |= machine.Table.Walk(Base + ((ulong)i * Page)).Descriptor.IsWritable ? 0 : 1UL << i;
        return mask;
    }

    // The table that the entry of a level names.
    private static ulong TableOf(Stage2Machine machine, ulong ipa, int level = 2)
    {
        ulong table = 0;
        for (int at = machine.Table.Geometry.StartLevel; at <= level; at++)
            table = new Stage2Descriptor(machine.Table.Pool.EntryAt(table, machine.Table.Geometry.IndexAt(ipa, at))).TableAddress;
        return table;
    }

    private static void CheckCounts(Stage2Machine machine, int byIpa, int byRange, int local) =>
        Assert.Equal((byIpa, byRange, local), (machine.Maintenance.ByIpa, machine.Maintenance.ByRange, machine.Maintenance.Local));
}
