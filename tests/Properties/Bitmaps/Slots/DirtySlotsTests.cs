using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Slots;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Slots;

/// <summary>Slots against a set of pages.</summary>
public sealed class DirtySlotsTests
{
    // Two that touch, and one at the end of all numbers.
    private static readonly (ulong First, ulong Count)[] Some = [(5, 100), (105, 70), (1000, 1), (ulong.MaxValue - 99, 100)];

    private static readonly ulong[] FirstPages = [5, 5 + 64, 105, 1000, ulong.MaxValue];

    [Fact]
    public void Marks_and_harvests_agree_with_a_set_of_pages()
    {
        Gen<((int Gap, int Count)[] Shape, (int Page, int Count)[] Marks)> cases =
            from shape in Gen.Choose(0, 90).Zip(Gen.Choose(1, 200)).Select(pair => (pair.Item1, pair.Item2)).ArrayOf()
            from marks in Gen.Choose(0, 1500).Zip(Gen.Choose(0, 300)).Select(pair => (pair.Item1, pair.Item2)).ArrayOf()
            select (shape, marks);
        Props.Check(Prop.ForAll(Arb.From(cases), one => Follow(one.Shape, one.Marks)), "slots", maxTest: 500);
    }

    [Fact]
    public void All_pages_of_all_slots_are_marked_and_none_between()
    {
        using var slots = new DirtySlots(Some);
        slots.Mark(7);
        slots.MarkAll();
        Assert.Equal([100ul, 70, 1, 100], Enumerable.Range(0, slots.Count).Select(slot => slots[slot].Count()));
        Assert.False(slots.TryFind(175, out _, out _));
    }

    [Fact]
    public void Pages_and_ranges_that_no_slot_has_are_refused_by_name_and_mark_nothing()
    {
        using var slots = new DirtySlots(Some);
        foreach (ulong page in (ulong[])[0, 4, 175, 999, 1001, ulong.MaxValue - 100])
        {
            Outside("page", () => slots.Mark(page));
            Outside("page", () => slots.TryMark(page));
            Outside("page", () => slots.IsDirty(page));
            Outside("first", () => slots.MarkRange(page, 1));
            Assert.False(slots.TryFind(page, out int slot, out ulong pageInSlot));
            Assert.Equal((-1, 0ul), (slot, pageInSlot));
        }

        Outside("count", () => slots.MarkRange(5, 171));
        Outside("count", () => slots.MarkRange(1000, 2));
        Outside("count", () => slots.MarkRange(5, ulong.MaxValue));
        Outside("count", () => slots.MarkRange(ulong.MaxValue, 2));
        Outside("count", () => slots.MarkRange(ulong.MaxValue - 99, ulong.MaxValue));
        Outside("slot", () => slots[-1].Mark(0));
        Outside("slot", () => slots.FirstOf(4));
        slots.MarkRange(0, 0);
        Assert.Empty(Taken(slots));

        slots.MarkRange(ulong.MaxValue - 99, 100);
        slots.MarkRange(104, 71);
        Assert.Equal(171, Taken(slots).Count);
        slots.Dispose();
        Assert.Throws<ObjectDisposedException>(() => slots.Mark(5));
        Assert.Throws<ObjectDisposedException>(() => slots.MarkRange(5, 1));
        Assert.Throws<ObjectDisposedException>(() => Taken(slots));
    }

    [Fact]
    public void Slots_that_are_empty_or_overlap_or_do_not_ascend_are_refused()
    {
        foreach ((ulong, ulong)[] wrong in new (ulong, ulong)[][]
        {
            [(5, 0)], [(5, DirtyBitmap.MaximumPages + 1)], [(ulong.MaxValue, 2)], [(5, 10), (14, 1)], [(5, 10), (5, 1)], [(5, 1), (4, 1)], [(100, 1), (5, 95)],
            [(5, 1), (6, 1), (6, 1)], [(ulong.MaxValue, 1), (0, 1)],
        })
            Assert.Equal("slots", Assert.Throws<ArgumentException>(() => new DirtySlots(wrong).Dispose()).ParamName);
        using var none = new DirtySlots([]);
        Assert.Equal(0, none.Count);
        Outside("page", () => none.Mark(0));
    }

    [Fact]
    public void A_sink_that_throws_leaves_the_rest_dirty()
    {
        for (int failAt = 0; failAt < 5; failAt++)
        {
            using var slots = new DirtySlots(Some);
            foreach (ulong page in FirstPages)
                slots.Mark(page);
            var taken = new List<ulong>();
            var sink = new Gathering(slots, taken, failAt);
            Assert.Throws<IOException>(() => slots.HarvestMasks(ref sink));
            Assert.Equal(failAt, taken.Count);
            Assert.Equal(FirstPages, taken.Concat(Taken(slots)));
        }
    }

    private static void Follow((int Gap, int Count)[] shape, (int Page, int Count)[] marks)
    {
        var list = new List<(ulong First, ulong Count)>();
        ulong end = 0;
        foreach ((int gap, int count) in shape)
        {
            list.Add((end + (ulong)(gap / 3), (ulong)count));
            end += (ulong)(gap / 3 + count);
        }

        using var slots = new DirtySlots(list.ToArray());
        var there = list.SelectMany((slot, i) => Enumerable.Range(0, (int)slot.Count).Select(page => (Page: slot.First + (ulong)page, (i, (ulong)page))))
            .ToDictionary(pair => pair.Page, pair => pair.Item2);
        var model = new SortedSet<ulong>();
        foreach ((int first, int count) in marks)
        {
            ulong page = (ulong)first;
            Assert.Equal(there.TryGetValue(page, out (int Slot, ulong Page) at), slots.TryFind(page, out int slot, out ulong pageInSlot));
            if (there.ContainsKey(page))
            {
                Assert.Equal(at, (slot, pageInSlot));
                Assert.Equal(!model.Contains(page), slots.TryMark(page));
                model.Add(page);
            }

            ulong[] range = [.. Enumerable.Range(first, count).Select(one => (ulong)one)];
            if (range.All(there.ContainsKey))
            {
                slots.MarkRange(page, (ulong)count);
                model.UnionWith(range);
                Assert.All(range, one => Assert.True(slots.IsDirty(one)));
            }
            else
            {
                Outside(there.ContainsKey(page) ? "count" : "first", () => slots.MarkRange(page, (ulong)count));
            }
        }

        Assert.Equal(model, Taken(slots));
        Assert.Empty(Taken(slots));
    }

    private static List<ulong> Taken(DirtySlots slots)
    {
        var pages = new List<ulong>();
        var sink = new Gathering(slots, pages, int.MaxValue);
        slots.HarvestMasks(ref sink);
        return pages;
    }

    private static void Outside(string name, Action call) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);

    private static void Outside(string name, Func<object> call) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);

    // Throws at the call with that number.
    private struct Gathering(DirtySlots slots, List<ulong> pages, int failAt) : IDirtySlotSink
    {
        private int _calls;

        public void Accept(int slot, ulong firstPage, ulong mask)
        {
            if (_calls++ == failAt)
                throw new IOException("The transfer failed.");
            for (; mask != 0; mask &= mask - 1)
                pages.Add(slots.FirstOf(slot) + firstPage + (uint)BitOperations.TrailingZeroCount(mask));
        }
    }
}
