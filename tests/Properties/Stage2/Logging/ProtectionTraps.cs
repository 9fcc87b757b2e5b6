using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using RingKit.Properties.DirtyLogging.Memslots;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2.Logging;

/// <summary>Where a protection by words of a bitmap goes wrong easily: shifts, last bits, last words, slots that begin anywhere.</summary>
public sealed class ProtectionTraps
{
    private static readonly MemslotLogOptions Manual = new() { ManualProtect = ManualProtect.Enabled };

    // 512 blocks of 1 GiB are 2^39 bytes; all 64 pages of a word are no shift by 64.
    [Theory]
    [InlineData(MaskedProtection.Span)]
    [InlineData(MaskedProtection.Exact)]
    public void Sizes_do_not_overflow_and_64_pages_are_64(MaskedProtection rule)
    {
        const ulong Pages = 1ul << 27;
        using var slot = new LoggedSlot(
            new Stage2Options { MaskedProtection = rule, EagerSplitChunk = Block, MaximumTables = 5000 }, Manual, baseGfn: Pages, Pages);
        slot.MapAll(level: 1, ReadWrite);
        slot.Log.ManualProtect |= ManualProtect.InitiallySet;
        slot.Start();
        Assert.Equal((0ul, 0ul), (slot.Counts.Leaves, slot.Counts.Splits));

        // The last word: its block of 1 GiB loses the permission, and becomes 511 blocks and a table of pages.
        Assert.Equal(Errno.None, slot.Clear(Pages - 64, 64, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
        Assert.Equal(new Stage2LogCounts { Flushes = 1, Leaves = 1, Splits = 2, Tables = 2, Refills = 1 }, slot.Counts);
        Assert.Equal((3, 2, 1), (slot.EntryOf(Pages - 1).Level, slot.EntryOf(Pages - 513).Level, slot.EntryOf(Pages - (1ul << 18) - 1).Level));
        Assert.False(slot.EntryOf(Pages - 513).Descriptor.IsWritable);
        Assert.Equal(Pages - 64, slot.Log.Count());

        for (ulong page = Pages - 64; page < Pages; page++)
            slot.Store(page);
        Assert.Equal(Errno.None, slot.Clear(Pages - 64, 64, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
        Assert.Equal((65ul, 0ul), (slot.Counts.Leaves, slot.Counts.NeedlessLeaves));
    }

    [Theory]
    [InlineData(0, 63, 64)]
    [InlineData(0, 0, 1)]
    [InlineData(63, 63, 1)]
    [InlineData(1, 62, 62)]
    [InlineData(7, 8, 2)]
    public void A_span_ends_with_its_last_page(int first, int last, int leaves)
    {
        using LoggedSlot slot = StartedOnPages(64, baseGfn: 0x4_0000);
        Assert.Equal(Errno.None, slot.Clear(64, 64, (ulong)(64 + first), (ulong)(64 + last)));
        List<ulong> writable = slot.WritablePages();
        Assert.Equal(192 - leaves, writable.Count);
        for (int page = first; page <= last; page++)
            Assert.DoesNotContain((ulong)(64 + page), writable);
        Assert.Equal((ulong)(leaves - (first == last ? 1 : 2)), slot.Counts.NeedlessLeaves);
    }

    [Fact]
    public void Words_without_bits_protect_nothing()
    {
        using LoggedSlot slot = StartedOnPages(64, baseGfn: 0x4_0000);
        ulong flushes = slot.Counts.Flushes;
        Assert.Equal(Errno.None, slot.Clear(0, 192));
        Assert.Equal(192, slot.WritablePages().Count);
        Assert.Equal(flushes, slot.Counts.Flushes);
    }

    // 100 pages beyond three words: the bits behind page 291 are not the slot's, and what is mapped there is not either.
    [Theory]
    [InlineData(MaskedProtection.Span)]
    [InlineData(MaskedProtection.Exact)]
    public void The_last_word_does_not_leave_the_slot(MaskedProtection rule)
    {
        const ulong Pages = 192 + 36, BaseGfn = 0x4_0000;
        using var slot = new LoggedSlot(new Stage2Options { MaskedProtection = rule }, Manual, BaseGfn, Pages);
        slot.MapAll(level: 3, ReadWrite);
        slot.Log.ManualProtect |= ManualProtect.InitiallySet;
        var beyond = new TableCache<HardwareOrdering>(slot.Table.Pool, 4);
        Assert.Equal(Errno.None, beyond.TopUp(4));
        ulong behind = slot.AddressOf(Pages);
        Assert.Equal(Errno.None, slot.Table.Map(ref slot.Thread, behind, 3, LoggedSlot.Memory + 0x100_0000, ReadWrite, beyond));
        beyond.Dispose();
        slot.Start();
        Assert.Equal(Pages, (ulong)slot.Get().Count);

        byte[] all = [.. Enumerable.Repeat((byte)0xFF, 32)];
        Assert.Equal(Errno.None, slot.Clear(0, (uint)Pages, all));
        Assert.Equal(Pages, slot.Counts.Leaves);
        Assert.Empty(slot.WritablePages());
        Assert.True(slot.Table.Walk(behind).Descriptor.IsWritable);
        Assert.Empty(slot.Get());
    }

    // Words are counted from the slot's first page, tables from address 0: word 7 of this slot straddles two tables.
    [Fact]
    public void A_slot_may_begin_anywhere_and_a_word_may_straddle_two_blocks()
    {
        const ulong BaseGfn = 0x4_0000 + 37;
        using LoggedSlot slot = StartedOnPages(pages: 64 * 9, BaseGfn);
        Assert.Equal(Errno.None, slot.Clear(448, 64, 470, 480));
        Assert.Equal([.. Enumerable.Range(0, 576 + 128).Where(page => page is < 470 or > 480).Select(page => (ulong)page)], slot.WritablePages());

        using var blocks = new LoggedSlot(log: Manual, baseGfn: 0x4_0000, pages: 1024 + 512);
        blocks.MapAll(level: 2, ReadWrite);
        blocks.Log.ManualProtect |= ManualProtect.InitiallySet;
        blocks.Start();
        Assert.Equal(Errno.None, blocks.Clear(512, 64, 512, 575));
        Assert.Equal([2, 0, 2], Enumerable.Range(0, 3).Select(block => blocks.EntryOf((ulong)block * 512).Descriptor.IsWritable ? 2 : 0));

        // The same window in a slot that begins 16 pages before a block: both blocks are read-only as a whole.
        using var straddling = new LoggedSlot(log: Manual, baseGfn: 0x4_0000 - 16, pages: 16 + 1024);
        straddling.Map(0x4000_0000, 2, ReadWrite);
        straddling.Map(0x4020_0000, 2, ReadWrite);
        straddling.Log.ManualProtect |= ManualProtect.InitiallySet;
        straddling.Start();
        Assert.Equal(Errno.None, straddling.Clear(512, 64, 527, 528));
        Assert.Empty(straddling.WritablePages());
        Assert.Equal((2ul, 0ul), (straddling.Counts.Leaves, straddling.Counts.NeedlessLeaves));
    }

    [Fact]
    public void A_store_between_the_take_and_the_protection_is_in_the_next_fetch()
    {
        using LoggedSlot slot = StartedOnPages(64, baseGfn: 0x4_0000, MemslotLogOptionsOf(Stage2Defects.None));
        slot.Store(5);
        var protection = new InterposedProtection(slot) { BeforeProtect = () => slot.Log.Mark(5) };
        Assert.Equal(Errno.None, slot.Log.Get(ref protection, new byte[24]));
        Assert.DoesNotContain(5ul, slot.WritablePages());
        Assert.Equal([5ul], slot.Get());
        Assert.Empty(slot.Get());
    }

    // The lock keeps faults out of the fetch, but not their marks, which come when they have let go of it.
    [Theory]
    [InlineData(Stage2Defects.None)]
    [InlineData(Stage2Defects.ProtectsBeforeTaking)]
    public void A_fetch_that_protects_before_it_takes_leaves_a_page_writable_that_no_log_has(object defect)
    {
        using LoggedSlot slot = StartedOnPages(64, baseGfn: 0x4_0000, MemslotLogOptionsOf((Stage2Defects)defect));
        slot.Store(5);
        Assert.Equal(Errno.None, slot.Table.Relax(ref slot.Thread, slot.AddressOf(6), Stage2Protection.Write));
        var protection = new InterposedProtection(slot) { AfterProtect = () => slot.Log.Mark(6) };
        byte[] bytes = new byte[24];
        Assert.Equal(Errno.None, slot.Log.Get(ref protection, bytes));
        bool isRight = defect is Stage2Defects.None;
        Assert.Equal(isRight ? [5ul] : [5, 6], KvmBytes.Pages(bytes));
        Assert.Equal(isRight, slot.Unrecorded().Count == 0);
        slot.Store(6);
        Assert.Equal(isRight ? [6ul] : [], slot.Get());
    }

    private static MemslotLogOptions MemslotLogOptionsOf(Stage2Defects defects) => new() { Defects = defects };

    // Pages that are writable and dirty, in manual mode without another choice.
    private static LoggedSlot StartedOnPages(ulong pages, ulong baseGfn, MemslotLogOptions? log = null)
    {
        var slot = new LoggedSlot(log: log ?? Manual, baseGfn: baseGfn, pages: pages + 128);
        slot.MapAll(level: 3, ReadWrite);
        slot.Start();
        for (ulong page = 0; log is null && page < slot.Log.Pages; page++)
            slot.Store(page);
        return slot;
    }
}
