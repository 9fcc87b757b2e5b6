using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Each rule is broken once, and found; and what is allowed is not.</summary>
public sealed class Stage2CheckerTests
{
    private const ulong Ipa = 0x4000_0000, Memory = 0x1_0000_0000;

    private static readonly Stage2Descriptor Block2M = Stage2Descriptor.Leaf(2, Memory, ReadWrite);
    private static readonly Stage2Descriptor Note = new(Stage2Descriptor.LockedNote);

    [Fact]
    public void A_live_change_of_address_size_or_memory_type_is_found()
    {
        Stage2Attributes device = Encode(Stage2Protection.Read | Stage2Protection.Write | Stage2Protection.Device);
        Stage2Descriptor[] others =
        [
            Stage2Descriptor.Leaf(2, Memory + Block, ReadWrite),
            Stage2Descriptor.Leaf(2, Memory, device),
            Stage2Descriptor.Table(0x8000),
            new(Block2M.Raw & ~(1UL << 8)),
        ];
        foreach (Stage2Descriptor other in others)
        {
            AssertFound(Stage2ViolationKind.NotBroken, Ipa, checker => checker.Changed(Ipa, 2, Block2M, other));
            AssertFound(Stage2ViolationKind.NotBroken, Ipa, checker => checker.Changed(Ipa, 2, other, Block2M));
        }

        AssertFound(
            Stage2ViolationKind.NotBroken, Ipa, checker => checker.Changed(Ipa, 2, Stage2Descriptor.Table(0x8000), Stage2Descriptor.Table(0x9000)));
    }

    [Fact]
    public void Live_changes_of_permissions_age_and_software_bits_are_allowed()
    {
        var checker = new Stage2Checker();
        foreach (Stage2Descriptor after in (Stage2Descriptor[])[Block2M.WriteProtected, Block2M.Old, Block2M.WithSoftware(9), Block2M.WithDirtyModifier])
        {
            checker.Changed(Ipa, 2, Block2M, after);
            checker.Changed(Ipa, 2, after, Block2M);
        }

        Assert.Empty(checker.Violations);
    }

    [Fact]
    public void An_entry_made_before_the_invalidation_is_found()
    {
        // No invalidation; one of another address, as the patch of 2014 asks for with the output address; one of another level.
        Action<Stage2Checker>[] invalidations =
            [_ => { }, checker => checker.InvalidatedIpa(Memory, 2), checker => checker.InvalidatedIpa(Ipa, 3), checker => checker.InvalidatedRange(Ipa + Block, Block)];
        foreach (Action<Stage2Checker> invalidate in invalidations)
        {
            AssertFound(Stage2ViolationKind.MadeBeforeInvalidation, Ipa, checker =>
            {
                checker.Changed(Ipa, 2, Block2M, Note);
                invalidate(checker);
                checker.Changed(Ipa, 2, Note, Stage2Descriptor.Table(0x8000));
            });
        }

        // Pages were unmapped and not invalidated; a block comes over them.
        AssertFound(Stage2ViolationKind.MadeBeforeInvalidation, Ipa, checker =>
        {
            checker.Changed(Ipa + Page, 3, Stage2Descriptor.Leaf(3, Memory, ReadOnly), default);
            checker.Changed(Ipa, 2, default, Block2M);
        });

        // A table was broken and only its own level invalidated: its pages are still held.
        AssertFound(Stage2ViolationKind.MadeBeforeInvalidation, Ipa, checker =>
        {
            checker.Changed(Ipa, 2, Stage2Descriptor.Table(0x8000), Note);
            checker.InvalidatedIpa(Ipa, 2);
            checker.InvalidatedRange(Ipa, Block - Page);
            checker.Changed(Ipa, 2, Note, Block2M);
        });
    }

    [Fact]
    public void Break_invalidate_make_is_allowed()
    {
        Action<Stage2Checker>[] invalidations =
            [checker => checker.InvalidatedIpa(Ipa, 2), checker => checker.InvalidatedRange(Ipa + Page, Page), checker => checker.InvalidatedAll()];
        foreach (Action<Stage2Checker> invalidate in invalidations)
        {
            var checker = new Stage2Checker();
            checker.Changed(Ipa, 2, Block2M, Note);
            invalidate(checker);
            checker.Changed(Ipa, 2, Note, Stage2Descriptor.Table(0x8000));
            Assert.Empty(checker.Violations);
        }
    }

    [Fact]
    public void What_was_there_may_come_back_but_its_write_permission_is_still_held()
    {
        var checker = new Stage2Checker();
        checker.Changed(Ipa, 2, Block2M, default);
        checker.Changed(Ipa, 2, default, Block2M.WriteProtected);
        Assert.Empty(checker.Violations);
        checker.Delivered();
        Assert.Equal([new Stage2Violation(Stage2ViolationKind.StaleWritable, Ipa)], checker.Violations);
    }

    [Fact]
    public void A_log_that_goes_out_before_the_flush_is_found()
    {
        AssertFound(Stage2ViolationKind.StaleWritable, Ipa, checker =>
        {
            checker.Changed(Ipa, 2, Block2M, Block2M.WriteProtected);
            checker.InvalidatedIpa(Memory, 2);
            checker.Delivered();
        });

        var right = new Stage2Checker();
        right.Changed(Ipa, 2, Block2M, Block2M.WriteProtected);
        right.InvalidatedRange(Ipa, Block);
        right.Delivered();
        Assert.Empty(right.Violations);
    }

    [Fact]
    public void A_table_that_nobody_names_is_found()
    {
        using var machine = new Stage2Machine();
        Assert.Equal(Errno.None, machine.Map(Ipa, 3, Memory));
        ulong table = new Stage2Descriptor(machine.Table.Pool.EntryAt(0, 1)).TableAddress;
        ref ulong entry = ref machine.Table.Pool.EntryAt(table, 0);
        ulong right = entry;
        machine.Checker.CheckTables(machine.Table);
        Assert.Empty(machine.Checker.Violations);

        // A block over the table, as in kernels from 3.19 to 5.0 after a cancelled migration.
        entry = Block2M.Raw;
        machine.Checker.CheckTables(machine.Table);
        Assert.Equal(
            [new Stage2Violation(Stage2ViolationKind.LeakedTable, new Stage2Descriptor(right).TableAddress)], machine.Checker.Violations);
        entry = right;
    }

    [Fact]
    public void A_leaked_table_is_counted_when_the_page_table_goes()
    {
        var table = new Stage2Core<HardwareOrdering>(new Stage2Geometry(40), 4);
        var cache = new TableCache<HardwareOrdering>(table.Pool, 3);
        MaintainingThread thread = new TlbMaintenance(vcpus: 1).ThreadOf(0);
        cache.TopUp(3);
        Assert.Equal(Errno.None, table.Map(ref thread, Ipa, 3, Memory, ReadWrite, cache));
        table.Pool.EntryAt(0, 1) = 0;
        cache.Dispose();
        table.Dispose();
        Assert.Equal(2, table.LeakedTables);
    }

    [Fact]
    public void A_table_that_is_freed_too_early_or_twice_is_found()
    {
        AssertFound(Stage2ViolationKind.FreedBeforeInvalidation, 0x8000, checker =>
        {
            checker.TableTaken(0x8000);
            checker.Changed(Ipa, 2, Stage2Descriptor.Table(0x8000), default);
            checker.TableFreed(0x8000);
        });
        AssertFound(Stage2ViolationKind.FreedTwice, 0x8000, checker =>
        {
            checker.TableTaken(0x8000);
            checker.TableFreed(0x8000);
            checker.TableFreed(0x8000);
        });
    }

    [Fact]
    public void Pages_that_are_writable_and_not_recorded_are_found()
    {
        using var machine = new Stage2Machine();
        machine.Map(Ipa, 3, Memory);
        machine.Map(Ipa + Page, 3, Memory + Page);
        Assert.Equal(-1, machine.Access(1, Ipa + Page, write: true));
        machine.Checker.CheckLogging(machine.Table, machine.Maintenance.Tlbs, Ipa, Block, ipa => ipa < Ipa + (2 * Page));
        Assert.Empty(machine.Checker.Violations);

        // The entry is protected, a TLB is not: the record of the page goes with the snapshot, and the flush is forgotten.
        machine.Table.WriteProtect(ref machine.Thread, Ipa, Block, out _);
        machine.Checker.CheckLogging(machine.Table, machine.Maintenance.Tlbs, Ipa, Block, _ => false);
        Assert.Equal([new Stage2Violation(Stage2ViolationKind.StaleWritable, Ipa + Page)], machine.Checker.Violations);
    }

    [Fact]
    public void A_split_before_the_protection_leaves_unrecorded_pages()
    {
        using var machine = new Stage2Machine();
        machine.Map(Ipa, 2, Memory);
        machine.Table.Split(ref machine.Thread, Ipa, machine.Cache);
        machine.Checker.CheckLogging(machine.Table, [], Ipa, Block, _ => false);
        Assert.Equal(512, machine.Checker.Violations.Count);
    }

    [Fact]
    public void A_tlb_that_holds_what_the_table_does_not_say_is_found()
    {
        using var machine = new Stage2Machine();
        Stage2Tlb tlb = machine.Maintenance.Tlbs[0];
        machine.Map(Ipa, 2, Memory);
        tlb.Fill(Ipa, machine.Table.Walk(Ipa));
        tlb.Fill(Ipa + Page, new Stage2Walk(Errno.None, 3, Stage2Descriptor.Leaf(3, Memory + Page, ReadOnly)));
        Assert.Equal(2, tlb.Lookup(Ipa + Page, out _));
        machine.Checker.CheckTlb(machine.Table, tlb);
        Assert.Equal([new Stage2Violation(Stage2ViolationKind.StaleTranslation, Ipa + Page)], machine.Checker.Violations.Where(
            violation => violation.Kind == Stage2ViolationKind.StaleTranslation));
        Assert.Contains(machine.Checker.Violations, violation => violation.Kind == Stage2ViolationKind.TlbConflict);
    }

    [Fact]
    public void Invalidation_by_address_spares_other_addresses_and_levels()
    {
        var tlb = new Stage2Tlb();
        tlb.Fill(Ipa, new Stage2Walk(Errno.None, 2, Block2M));
        tlb.Fill(Ipa + Block, new Stage2Walk(Errno.None, 3, Stage2Descriptor.Leaf(3, Memory, ReadOnly)));
        tlb.Invalidate(Memory, 2);
        tlb.Invalidate(Ipa + Page, 3);
        tlb.InvalidateRange(Ipa + Block + Page, Block);
        Assert.Equal(2, tlb.Entries.Count);
        tlb.Invalidate(Ipa + 0x5000, 2);
        Assert.Equal(0, tlb.Lookup(Ipa, out _));
        tlb.InvalidateRange(Ipa, Block + Page);
        Assert.Empty(tlb.Entries);
    }

    private static void AssertFound(Stage2ViolationKind kind, ulong address, Action<Stage2Checker> act)
    {
        var checker = new Stage2Checker();
        act(checker);
        Assert.Equal([new Stage2Violation(kind, address)], checker.Violations);
    }
}
