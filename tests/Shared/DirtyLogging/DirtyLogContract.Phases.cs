using FsCheck.Fluent;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <content>Harvests in two phases.</content>
public abstract partial class DirtyLogContract
{
    [Fact]
    public void A_taken_page_is_held_once_however_often_it_was_written()
    {
        _log.Start();
        Store(0, 1, 70, 63, 64, 1, 5069, 5000);
        Store(1, 1, 65, 0, 999);
        using DirtyHarvest harvest = _log.Take();
        Assert.Equal([(3u, 0ul), (3u, 1ul), (3u, 63ul), (3u, 64ul), (3u, 65ul), (3u, 70ul), (3u, 999ul), (9u, 0ul), (9u, 69ul)], HeldPages.Of(harvest));
        Assert.Equal(9ul, harvest.Confirm());
        Assert.Equal(0ul, harvest.PageCount);
        Assert.Empty(DirtySet.Harvest(_log));
    }

    [Fact]
    public void Taken_pages_are_protected_and_those_put_back_join_what_was_written_since()
    {
        _log.Start();
        Store(0, 1, 2, 5001);
        using DirtyHarvest first = _log.Take();
        Store(1, 2, 3);
        Assert.Equal(3ul, first.PutBack());
        Assert.Empty(HeldPages.Of(first));
        using (DirtyHarvest second = _log.Take())
            Assert.Equal([(3u, 1ul), (3u, 2ul), (3u, 3ul), (9u, 1ul)], HeldPages.Of(second));

        // Disposed: all of it is back, and a harvest in one phase has it too.
        Assert.Equal([(3u, 1ul), (3u, 2ul), (3u, 3ul), (9u, 1ul)], DirtySet.Harvest(_log));
        Assert.Empty(DirtySet.Harvest(_log));
        Store(0, 1);
        Assert.Equal([(3u, 1ul)], HeldPages.TakeFrom(_log));
    }

    [Fact]
    public void What_is_confirmed_in_part_is_held_in_part()
    {
        _log.Start();
        Store(0, 10, 63, 64, 120, 999, 5000, 5069);
        using DirtyHarvest harvest = _log.Take();
        (MemorySlot low, MemorySlot high) = (_memory.Slots[0], _memory.Slots[1]);

        // Across two words, pages that are not held among them.
        Assert.Equal(2ul, harvest.Confirm(low, 60, 0b11111));
        Assert.Equal(0ul, harvest.Confirm(low, 60, 0b11111));
        Assert.Equal(1ul, harvest.PutBack(low, 120, 1));
        Assert.Equal(1ul, harvest.Confirm(high, 69, 1));
        Assert.Equal(0ul, harvest.Confirm(high, 64, 0));
        Assert.Equal([(3u, 10ul), (3u, 999ul), (9u, 0ul)], HeldPages.Of(harvest));
        Assert.True(harvest.Holds(low, 10) && harvest.Holds(high, 0));
        Assert.False(harvest.Holds(low, 63) || harvest.Holds(low, 11) || harvest.Holds(low, 500) || harvest.Holds(high, 69));
        Assert.Equal([(3u, 120ul)], DirtySet.Harvest(_log));
        harvest.Dispose();
        harvest.Dispose();
        Assert.Equal([(3u, 10ul), (3u, 999ul), (9u, 0ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_transfer_that_fails_anywhere_loses_nothing()
    {
        _log.Start();
        ulong[] pages = [1, 200, 400, 600, 5001];
        for (int failAt = 0; failAt < pages.Length; failAt++)
        {
            Store(0, pages);
            DirtyHarvest harvest = _log.Take();
            var failing = new FailingPageSink(failAt, []);
            Assert.Throws<IOException>(() => Send(harvest, failing));
            foreach ((uint slot, ulong offset) in failing.Taken)
                Assert.Equal(1ul, harvest.Confirm(_memory.FindById(slot)!, offset, 1));
            harvest.Dispose();
            SortedSet<(uint Slot, ulong Offset)> later = HeldPages.TakeFrom(_log);
            Assert.Equal(failAt, failing.Taken.Count);
            Assert.Equal(5 - failAt, later.Count);
            later.UnionWith(failing.Taken);
            Assert.Equal(5, later.Count);
        }
    }

    [Fact]
    public void Pages_that_came_back_survive_a_sink_that_fails()
    {
        _log.Start();
        Store(0, 1, 200, 5001);
        _log.Take().Dispose();
        var failing = new FailingPageSink(1, []);
        Assert.Throws<IOException>(() => _log.Harvest(ref failing));
        Assert.Single(failing.Taken);
        SortedSet<(uint Slot, ulong Offset)> later = HeldPages.TakeFrom(_log);
        Assert.Equal(2, later.Count);
        later.UnionWith(failing.Taken);
        Assert.Equal([(3u, 1ul), (3u, 200ul), (9u, 1ul)], later);
    }

    [Fact]
    public void Harvests_that_overlap_hold_and_put_back_their_own()
    {
        _log.Start();
        Store(0, 1, 2);
        using DirtyHarvest first = _log.Take();
        Store(0, 2, 3);
        using DirtyHarvest second = _log.Take();
        Assert.Equal([(3u, 1ul), (3u, 2ul)], HeldPages.Of(first));
        Assert.Equal([(3u, 2ul), (3u, 3ul)], HeldPages.Of(second));
        Assert.Empty(DirtySet.Harvest(_log));
        second.PutBack();
        Assert.Equal([(3u, 2ul), (3u, 3ul)], DirtySet.Harvest(_log));
        first.PutBack();
        Assert.Equal([(3u, 1ul), (3u, 2ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_stop_forgets_what_came_back_and_what_comes_back_later()
    {
        _log.Start();
        Store(0, 1, 2);
        using DirtyHarvest old = _log.Take();
        old.PutBack(_memory.Slots[0], 1, 1);
        _log.Stop();
        _log.PutBack(_memory.Slots[0], 7, 1);
        Assert.Empty(HeldPages.TakeFrom(_log));
        _log.Start();
        Store(0, 3);
        Assert.Equal([(3u, 2ul)], HeldPages.Of(old));
        Assert.Equal(1ul, old.PutBack());
        Assert.Equal([(3u, 3ul)], HeldPages.TakeFrom(_log));
    }

    [Fact]
    public void A_clear_forgets_what_came_back_and_leaves_what_is_held()
    {
        _log.Start();
        Store(0, 1, 2);
        using DirtyHarvest harvest = _log.Take();
        harvest.PutBack(_memory.Slots[0], 1, 1);
        _log.Clear();
        Assert.Empty(DirtySet.Harvest(_log));
        harvest.PutBack();
        Assert.Equal([(3u, 2ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void Pages_of_a_harvest_in_one_phase_can_be_put_back_too()
    {
        using var other = new GuestMemory();
        MemorySlot foreign = other.AddSlot(3, 0, 1000);
        _log.Start();
        _log.PutBack(_memory.Slots[0], 60, 0b10001);
        _log.PutBack(_memory.Slots[0], 990, 0x3ff);
        _log.PutBack(_memory.Slots[0], 999, 1);
        _log.PutBack(_memory.Slots[1], 0, 0);
        Assert.Throws<ArgumentNullException>("slot", () => _log.PutBack(null!, 0, 1));
        Assert.Throws<ArgumentException>("slot", () => _log.PutBack(foreign, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>("baseOffset", () => _log.PutBack(_memory.Slots[0], 1000, 0));
        Assert.Throws<ArgumentOutOfRangeException>("mask", () => _log.PutBack(_memory.Slots[1], 64, 1ul << 6));
        SortedSet<(uint Slot, ulong Offset)> expected = [(3u, 60ul), (3u, 64ul)];
        expected.UnionWith(Enumerable.Range(990, 10).Select(page => (3u, (ulong)page)));
        Assert.Equal(expected, HeldPages.TakeFrom(_log));
    }

    [Fact]
    public void Contents_are_read_through_the_harvest_that_holds_the_page()
    {
        _log.Start();
        Store(0, 7, 5001);
        DirtyHarvest harvest = _log.Take();
        Assert.Equal(5001, BitConverter.ToInt64(harvest.PageOf(_memory.Slots[1], 1)));
        byte[] copy = new byte[GuestPage.Size];
        harvest.CopyTo(_memory.Slots[0], 7, copy);
        Assert.Equal(7, BitConverter.ToInt64(copy));
        Assert.Throws<ArgumentException>("destination", () => harvest.CopyTo(_memory.Slots[0], 7, copy.AsSpan(1)));
        Assert.Throws<ArgumentException>("offset", () => harvest.PageOf(_memory.Slots[0], 8));
        harvest.Confirm(_memory.Slots[0], 7, 1);
        Assert.Throws<ArgumentException>("offset", () => harvest.PageOf(_memory.Slots[0], 7));
        Assert.Throws<ArgumentOutOfRangeException>("baseOffset", () => harvest.PageOf(_memory.Slots[0], 1000));
        harvest.Dispose();
        Assert.Throws<ObjectDisposedException>(() => harvest.PageOf(_memory.Slots[1], 1));
        Assert.Throws<ObjectDisposedException>(() => harvest.Confirm());
        Assert.Throws<ObjectDisposedException>(() => harvest.PutBack());
        Assert.Throws<ObjectDisposedException>(() => harvest.GetEnumerator());
    }

    [Fact]
    public void A_harvest_can_outlive_its_log_and_its_machine()
    {
        _log.Start();
        Store(0, 1);
        DirtyHarvest first = _log.Take(), second = _log.Take();
        _log.Dispose();
        Assert.Equal([(3u, 1ul)], HeldPages.Of(first));
        first.Dispose();
        _machine.Dispose();
        second.Dispose();
    }

    [Fact]
    public void To_go_through_a_harvest_allocates_nothing()
    {
        _log.Start();
        Store(0, 1, 100, 200, 5000);
        using DirtyHarvest harvest = _log.Take();
        ulong pages = 0;
        Assert.Equal(0, Allocated.By(() => pages = Walk(harvest)));
        Assert.Equal(8ul, pages);
    }

    /// <summary>P1, without concurrency: whatever is taken, confirmed, put back and removed in whatever order.</summary>
    [Fact]
    public void P1_every_written_page_is_dirty_or_held_until_somebody_confirms_it() => Props.Check(
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => new PhaseModel(_log, _machine, (vcpu, gfns) => Store(vcpu, gfns), seed).Run(steps: 150)),
        nameof(P1_every_written_page_is_dirty_or_held_until_somebody_confirms_it),
        maxTest: LongRun.IsOn ? 1000 : 6);

    private static ulong Walk(DirtyHarvest harvest)
    {
        var sink = default(CountingPageSink);
        harvest.Deliver(ref sink);
        foreach (DirtyPages pages in harvest)
            sink.Accept(pages.Slot, pages.BaseOffset, pages.Mask);
        return sink.Pages;
    }

    private static void Send(DirtyHarvest harvest, FailingPageSink sink) => harvest.Deliver(ref sink);
}
