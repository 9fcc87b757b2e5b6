using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2.Logging;

/// <summary>Blocks that are split ahead of stores.</summary>
public sealed partial class Stage2LoggingScenarios
{
    [Fact]
    public void Scenario_9_Blocks_are_split_after_their_protection_and_stores_then_only_relax_pages()
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
    public void Scenario_9_A_chunk_is_chosen_before_there_are_slots_and_is_a_size_of_blocks()
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
}
