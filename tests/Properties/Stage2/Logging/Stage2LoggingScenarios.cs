using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.DirtyLogging.Memslots;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2.Logging;

/// <summary>A slot of 8 MiB at 1 GiB, four blocks behind it: start, fetch, clear, split, stop, with the exact bits and counts.</summary>
public sealed partial class Stage2LoggingScenarios
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
    public void Scenario_8_A_manual_fetch_changes_nothing_and_a_clear_protects_the_span_or_the_exact_bits(MaskedProtection rule)
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
    public void Scenario_8_A_clear_refuses_ranges_as_kvm_does()
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
