using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using RingKit.Properties.DirtyLogging.Memslots;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2.Logging;

/// <summary>A slot of 8 MiB at 1 GiB, four blocks behind it: start, fetch, clear, split, stop, with the exact bits and counts.</summary>
public sealed class Stage2LoggingScenarios
{
    private static readonly MemslotLogOptions Manual = new() { ManualProtect = ManualProtect.Enabled };

    [Fact]
    public void The_start_protects_four_blocks_with_one_flush_and_a_store_dissolves_one()
    {
        using var slot = new LoggedSlot();
        slot.MapAll(level: 2, ReadWrite);
        slot.Load(512);
        slot.Start();
        AssertFourReadOnlyBlocks(slot);
        Assert.Equal(new Stage2LogCounts { Flushes = 1, Leaves = 4 }, slot.Counts);
        Assert.Equal((1, 0), (slot.Maintenance.ByRange, slot.Maintenance.ByIpa));
        Assert.Equal(0ul, slot.Log.Count());

        // 0x4020_3000.
        slot.Store(515);
        Assert.Equal([2], slot.Faults);
        Assert.Equal((1, 1), (slot.Maintenance.ByRange, slot.Maintenance.ByIpa));
        Assert.Equal([515], slot.WritablePages());
        for (ulong page = 512; page < 1024; page++)
            Assert.Equal(page == 515 ? 0x0040_0001_0020_37FF : 0ul, slot.EntryOf(page).Descriptor.Raw);

        Assert.Equal([515ul], slot.Get());
        Assert.Empty(slot.Unrecorded());
        slot.CheckRules();
    }

    [Fact]
    public void An_automatic_fetch_protects_what_it_takes_and_a_second_one_does_nothing()
    {
        using LoggedSlot slot = StartedOnBlocks();
        slot.Store(515);
        Assert.Equal([515ul], slot.Get());
        Assert.Equal(0ul, slot.Log.Count());
        Assert.Equal(0x0040_0001_0020_377Ful, slot.EntryOf(515).Descriptor.Raw);
        Assert.Equal(2ul, slot.Counts.Flushes);

        Assert.Empty(slot.Get());
        Assert.Equal(2ul, slot.Counts.Flushes);

        slot.Store(515);
        Assert.Equal([2, 3], slot.Faults);
        Assert.Equal([515ul], slot.Get());
        slot.CheckRules();
    }

    [Fact]
    public void A_store_through_a_stale_translation_before_the_flush_is_in_what_goes_out()
    {
        using LoggedSlot slot = StartedOnBlocks();
        slot.Store(515, vcpu: 0);
        slot.Store(515, vcpu: 1);
        Assert.Equal([2], slot.Faults);

        bool stored = false;
        var protection = new InterposedProtection(slot)
        {
            BeforeFlush = () =>
            {
                // Protected in the table, still writable for both vCPUs.
                Assert.False(slot.EntryOf(515).Descriptor.IsWritable);
                slot.Store(515, vcpu: 1);
                stored = true;
                Assert.Equal([2], slot.Faults);
                Assert.Empty(slot.Unrecorded(515));
            },
        };
        byte[] bytes = new byte[slot.Log.ByteLength];
        Assert.Equal(Errno.None, slot.Log.Get(ref protection, bytes));
        Assert.True(stored);
        Assert.Equal([515ul], KvmBytes.Pages(bytes));
        Assert.Empty(slot.Unrecorded());
        slot.Store(515, vcpu: 1);
        Assert.Equal([2, 3], slot.Faults);
    }

    [Theory]
    [InlineData(MaskedProtection.Span)]
    [InlineData(MaskedProtection.Exact)]
    public void A_manual_fetch_changes_nothing_and_a_clear_protects_the_span_or_the_exact_bits(MaskedProtection rule)
    {
        using LoggedSlot slot = StartedOnBlocks(new Stage2Options { MaskedProtection = rule }, Manual);
        ulong[] eight = [515, 516, 517, 518, 519, 520, 521, 522];
        foreach (ulong page in eight)
            slot.Store(page);
        Stage2LogCounts before = slot.Counts;
        Assert.Equal(eight, slot.Get());
        Assert.Equal(eight, slot.Get());
        Assert.Equal(eight, slot.WritablePages());
        Assert.Equal(before, slot.Counts);

        Assert.Equal(Errno.None, slot.Clear(512, 64, 515, 522));
        Assert.Equal(eight[1..7], slot.Get());
        bool isSpan = rule == MaskedProtection.Span;
        Assert.Equal(isSpan ? [] : eight[1..7], slot.WritablePages());
        Assert.Equal(before.Flushes + 1, slot.Counts.Flushes);
        Assert.Equal(before.Leaves + (isSpan ? 8ul : 2), slot.Counts.Leaves);
        Assert.Equal(isSpan ? 6ul : 0, slot.Counts.NeedlessLeaves);

        slot.Faults.Clear();
        slot.Store(518);
        Assert.Equal(isSpan ? [3] : [], slot.Faults);
        slot.Store(515);
        Assert.Equal(isSpan ? 2 : 1, slot.Faults.Count);
        Assert.Equal(eight[..7], slot.Get());
        Assert.Empty(slot.Unrecorded());
        slot.CheckRules();
    }

    [Fact]
    public void A_clear_refuses_ranges_as_kvm_does()
    {
        using LoggedSlot slot = StartedOnBlocks(log: Manual);
        Assert.Equal(Errno.Invalid, slot.Clear(3, 64));
        Assert.Equal(Errno.Invalid, slot.Clear(512, 10));
        Assert.Equal(Errno.None, slot.Clear(1984, 64));
        Assert.Equal(Errno.Invalid, slot.Clear(1984, 128));
        Assert.Equal(Errno.Invalid, slot.Clear(2112, 64));
        slot.Stop();
        Assert.Equal(Errno.NoEntry, slot.Clear(1984, 64));
    }

    [Fact]
    public void Blocks_are_split_after_their_protection_and_stores_then_only_relax_pages()
    {
        using LoggedSlot slot = StartedOnBlocks(new Stage2Options { EagerSplitChunk = Block });
        Assert.Equal(2, Stage2HvCore<HardwareOrdering>.SplitTables(Block));
        Assert.Equal(new Stage2LogCounts { Flushes = 1, Leaves = 4, Splits = 4, Tables = 4, Refills = 4 }, slot.Counts);
        Assert.Equal((1, 4), (slot.Maintenance.ByRange, slot.Maintenance.ByIpa));
        for (ulong page = 0; page < 2048; page++)
            Assert.Equal(0x0040_0001_0000_077F + (page * Page), slot.EntryOf(page).Descriptor.Raw);

        slot.Store(515);
        Assert.Equal([3], slot.Faults);
        for (ulong page = 512; page < 1024; page++)
            slot.Load(page);
        Assert.Equal([3], slot.Faults);
        Assert.Equal(1, slot.Maintenance.Local);
        Assert.Equal([515ul], slot.Get());
        Assert.Empty(slot.Unrecorded());
        slot.CheckRules();

        slot.Stop();
        Assert.Equal(0, slot.Hypervisor.SplitTablesReady);
    }

    [Fact]
    public void A_split_before_the_protection_leaves_pages_writable_that_no_log_has()
    {
        using LoggedSlot slot = StartedOnBlocks(
            new Stage2Options { EagerSplitChunk = Block }, new MemslotLogOptions { Defects = Stage2Defects.SplitsBeforeProtection });
        Assert.Equal(4ul, slot.Counts.Splits);
        slot.Store(515);
        Assert.Empty(slot.Faults);
        Assert.Empty(slot.Get());
        Assert.Equal(2048, slot.Unrecorded().DistinctBy(violation => violation.Address).Count());
    }

    [Fact]
    public void A_restart_protects_again_and_without_that_loses_writes()
    {
        foreach (Stage2Defects defect in (Stage2Defects[])[Stage2Defects.None, Stage2Defects.RestartsWithoutProtection])
        {
            using LoggedSlot slot = StartedOnBlocks(log: new MemslotLogOptions { Defects = defect });
            slot.Store(515);
            slot.Stop();
            slot.Start();
            Assert.Empty(slot.Get());
            slot.Store(515);
            bool isRight = defect == Stage2Defects.None;
            Assert.Equal(isRight ? [515ul] : [], slot.Get());
            Assert.Equal(isRight, slot.Unrecorded().Count == 0);
        }
    }

    [Fact]
    public void A_stop_changes_no_entry_and_frees_only_what_splitting_has_ready()
    {
        using LoggedSlot slot = StartedOnBlocks(new Stage2Options { EagerSplitChunk = Gigabyte });
        slot.Store(515);
        ulong[] before = Entries(slot);
        int tables = slot.TablesInUse;
        Assert.Equal(509, slot.Hypervisor.SplitTablesReady);
        slot.Stop();
        Assert.Equal(before, Entries(slot));
        Assert.Equal(tables, slot.TablesInUse);
        Assert.Equal(0, slot.Hypervisor.SplitTablesReady);
        Assert.False(slot.Slot.Memory.LogsDirtyPages);
        Assert.Equal(1, slot.Maintenance.ByRange);
        slot.CheckRules();
    }

    [Fact]
    public void A_slot_with_a_drivers_memory_is_not_logged()
    {
        using var slot = new LoggedSlot(kind: HostRegionKind.PfnMapped);
        Assert.Equal(Errno.Invalid, slot.Hypervisor.StartLogging(ref slot.Thread, slot.Slot, slot.Log));
        Assert.False(slot.Slot.Memory.LogsDirtyPages);
        Assert.Equal(Errno.NoEntry, slot.Clear(0, 64));
        Assert.Equal(default, slot.Counts);
    }

    [Fact]
    public void A_chunk_is_chosen_before_there_are_slots_and_is_a_size_of_blocks()
    {
        using var slot = new LoggedSlot();
        foreach (ulong chunk in (ulong[])[0, Page, Block, Gigabyte, 12345])
            Assert.Equal(Errno.Invalid, slot.Hypervisor.SetEagerSplitChunk(chunk));

        using var host = new HostSpace<HardwareOrdering>();
        using var none = new Stage2HvCore<HardwareOrdering>(new Stage2Options { MaximumTables = 10 }, [], host);
        foreach (ulong chunk in (ulong[])[12345, Block + Page, 2 * Block, 1, 1ul << 39])
            Assert.Equal(Errno.Invalid, none.SetEagerSplitChunk(chunk));
        Assert.Equal(0ul, none.EagerSplitChunk);
        foreach (ulong chunk in (ulong[])[Page, Block, Gigabyte])
        {
            Assert.Equal(Errno.None, none.SetEagerSplitChunk(chunk));
            Assert.Equal(chunk, none.EagerSplitChunk);
        }

        Assert.Equal([2, 2, 513], new[] { Page, Block, Gigabyte }.Select(Stage2HvCore<HardwareOrdering>.SplitTables));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LoggedSlot(new Stage2Options { EagerSplitChunk = 12345 }));
    }

    // There are 3 tables for 4 blocks: what is not split falls to the stores.
    [Theory]
    [InlineData(Page)]
    [InlineData(Block)]
    public void Splitting_goes_as_far_as_there_are_tables(ulong chunk)
    {
        using var slot = new LoggedSlot(new Stage2Options { EagerSplitChunk = chunk, MaximumTables = 16 + 1 + 3 });
        slot.MapAll(level: 2, ReadWrite);
        int free = slot.Table.Pool.MaxTables - slot.Table.Pool.TakenTables;
        slot.Start();
        Assert.Equal(3, free);
        Assert.InRange(slot.Counts.Splits, 1ul, 3ul);
        Assert.Equal(slot.Counts.Splits, slot.Counts.Tables);
        Assert.Equal(4ul, slot.Counts.Leaves);
        Assert.Empty(slot.Unrecorded());
        slot.CheckRules();
    }

    [Fact]
    public void A_gigabyte_is_split_at_once_if_the_chunk_is_one_and_else_by_two_megabytes()
    {
        foreach (ulong chunk in (ulong[])[Gigabyte, Block])
        {
            using var slot = new LoggedSlot(new Stage2Options { EagerSplitChunk = chunk }, pages: 1ul << 18, kind: HostRegionKind.HugeTlb1G);
            slot.MapAll(level: 1, ReadWrite);
            slot.Start();
            Assert.Equal((1ul, 1ul), (slot.Counts.Flushes, slot.Counts.Leaves));
            Assert.Equal(chunk == Gigabyte ? 1ul : 513, slot.Counts.Splits);
            Assert.Equal(513ul, slot.Counts.Tables);
            Assert.Equal(513, slot.TablesInUse);
            Assert.Equal(chunk == Gigabyte ? 1 : 513, slot.Maintenance.ByIpa);
            Assert.Empty(slot.WritablePages());
            slot.CheckRules();
        }
    }

    [Fact]
    public void After_a_cancelled_migration_blocks_come_back_as_they_are_touched()
    {
        using LoggedSlot slot = StartedOnBlocks();
        slot.Store(515);
        int tables = slot.TablesInUse;
        slot.Stop();
        slot.Faults.Clear();

        // A read-only block is relaxed; a page that is writable stays one; a hole in the table brings its block back.
        slot.Store(3);
        slot.Store(515);
        Assert.Equal([2], slot.Faults);
        Assert.Equal((2, true), (slot.EntryOf(0).Level, slot.EntryOf(0).Descriptor.IsWritable));
        Assert.Equal((3, tables), (slot.EntryOf(515).Level, slot.TablesInUse));
        slot.Load(519);
        Assert.Equal([2, 12 + 1], slot.Faults);
        Assert.Equal((2, 0x0040_0001_0020_07FDul), (slot.EntryOf(519).Level, slot.EntryOf(519).Descriptor.Raw & ~(3UL << 53) | 1UL << 54));
        Assert.Equal(tables - 1, slot.TablesInUse);
        slot.CheckRules();

        // And a log that starts again protects them again.
        slot.Start();
        Assert.Empty(slot.WritablePages());
        slot.Store(515);
        Assert.Equal([515ul], slot.Get());
        Assert.Empty(slot.Unrecorded());
    }

    private static LoggedSlot StartedOnBlocks(Stage2Options? options = null, MemslotLogOptions? log = null)
    {
        var slot = new LoggedSlot(options, log);
        slot.MapAll(level: 2, ReadWrite);
        slot.Start();
        return slot;
    }

    private static void AssertFourReadOnlyBlocks(LoggedSlot slot)
    {
        for (ulong block = 0; block < 4; block++)
        {
            Stage2Walk walk = slot.EntryOf(block * 512);
            Assert.Equal((2, 0x0040_0001_0000_077D + (block * Block)), (walk.Level, walk.Descriptor.Raw));
        }
    }

    private static ulong[] Entries(LoggedSlot slot)
    {
        List<ulong> entries = [];
        slot.Table.Visit((_, _, entry) => entries.Add(entry.Raw));
        return [.. entries];
    }
}
