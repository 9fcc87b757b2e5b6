using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Overflow;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Overflow;

/// <summary>A ring with bitmaps behind it: nothing is lost, whatever happens during a collection.</summary>
public sealed class OverflowingRing
{
    private static readonly Dictionary<uint, ulong> Slots = new() { [1] = 300, [2] = 65 };

    [Fact]
    public void The_ring_takes_what_fits_and_the_bitmaps_the_rest_until_it_is_collected()
    {
        using OverflowingDirtyRing ring = Make(4, reserve: 2);
        Assert.Equal(
            [PushResult.Pushed, PushResult.SoftFull, PushResult.SoftFull, PushResult.SoftFull, PushResult.FellBack, PushResult.FellBack],
            Enumerable.Range(0, 6).Select(i => ring.Producer.Push(1, 290 - ((ulong)i * 10))));
        Assert.Equal(PushResult.FellBack, ring.Producer.Push(2, 64));
        Assert.Equal((4, true, 3UL), (ring.Used, ring.IsOverflowed, ring.FallBacks));

        var target = new SlotsTarget(Slots);
        Assert.Equal(new CollectResult(4, 3, 0, Recovered: true), ring.Collector.Collect(ref target));
        Assert.Equal((0, false), (ring.Used, ring.IsOverflowed));

        // The ring's pages, which make one batch, then the bitmaps'.
        Assert.Equal(
            [(1u, 260UL), (1u, 270UL), (1u, 280UL), (1u, 290UL), (1u, 240UL), (1u, 250UL), (2u, 64UL)],
            target.Calls.SelectMany(call => new ReferenceBatch(call, 0, 0).Pages().Select(page => (call.Slot, page))));
        Assert.Equal(default, ring.Collector.Collect(ref target));
        Assert.Equal(PushResult.Pushed, ring.Producer.Push(1, 1));
    }

    [Fact]
    public void While_it_is_overflowed_the_ring_stays_out_of_use_even_if_it_has_room()
    {
        using OverflowingDirtyRing ring = Make(1, reserve: 0);
        ring.Producer.Push(1, 1);
        ring.Producer.Push(1, 2);
        var target = new ReenteringTarget(new SlotsTarget(Slots), ring, 3);
        ring.Collector.Collect(ref target);

        // 3 was pushed when 1 was reset, and the ring had room again: it follows 2 all the same.
        Assert.Equal([1UL, 2UL, 3UL], target.Inner.Calls.SelectMany(call => new ReferenceBatch(call, 0, 0).Pages()).Take(3));
    }

    [Fact]
    public void A_page_outside_the_slots_is_refused_where_it_cannot_be_kept()
    {
        using OverflowingDirtyRing ring = Make(1, reserve: 0);
        ring.Producer.Push(1, 1);
        Assert.Equal(PushResult.Full, ring.Producer.Push(1, 300));
        Assert.Equal(PushResult.Full, ring.Producer.Push(3, 0));
        Assert.Equal((false, 0UL), (ring.IsOverflowed, ring.FallBacks));
    }

    [Fact]
    public void Pages_of_a_slot_that_has_shrunk_since_are_refused()
    {
        using OverflowingDirtyRing ring = Make(1, reserve: 0);
        ring.Producer.Push(1, 1);
        ring.Producer.Push(1, 10);
        ring.Producer.Push(1, 11);
        var target = new SlotsTarget(new Dictionary<uint, ulong> { [1] = 11 });
        Assert.Equal(new CollectResult(1, 2, 1, Recovered: true), ring.Collector.Collect(ref target));
        Assert.Empty(target.Violations);
        Assert.Throws<ArgumentOutOfRangeException>("policy", () =>
        {
            var other = new SlotsTarget(Slots);
            ring.Collector.Collect(ref other, (OutOfRangePolicy)7);
        });
    }

    [Fact]
    public void A_target_that_throws_anywhere_loses_no_page()
    {
        for (int at = 0; at < 30; at++)
        {
            using OverflowingDirtyRing ring = Make(4, reserve: 0);
            var pushed = new HashSet<(uint, ulong)>();
            for (uint i = 0; i < 16; i++)
            {
                ring.Producer.Push(1 + (i % 2), i * 4);
                pushed.Add((1 + (i % 2), i * 4));
            }

            var target = new ThrowingTarget(new SlotsTarget(Slots), [at]);
            for (int round = 0; round < 3; round++)
            {
                try
                {
                    ring.Collector.Collect(ref target);
                }
                catch (InvalidTimeZoneException)
                {
                }
            }

            Assert.Equal(pushed, target.Inner.Pages);
        }
    }

    [Fact]
    public void P1_what_was_pushed_before_a_collection_is_in_it() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[], byte>((steps, size) =>
        {
            using OverflowingDirtyRing ring = Make(1 << (size % 4), reserve: 0);
            var waiting = new HashSet<(uint Slot, ulong Page)>();
            foreach ((byte party, byte where, byte meanwhile) in steps)
            {
                if (party % 4 != 0)
                {
                    (uint, ulong) page = (1 + (where % 2u), where % 65u);
                    if (ring.Producer.Push(page.Item1, page.Item2) == PushResult.Full)
                        return false;
                    waiting.Add(page);
                    continue;
                }

                // A store during the collection, at each batch: it may be in this collection or in the next one.
                var target = new ReenteringTarget(new SlotsTarget(Slots), ring, meanwhile % 65u);
                ring.Collector.Collect(ref target);
                if (!target.Inner.Pages.IsSupersetOf(waiting) || target.Inner.Violations.Count != 0)
                    return false;
                waiting.Clear();
                if (target.Inner.Calls.Count != 0)
                    waiting.Add((1, meanwhile % 65u));
            }

            var last = new SlotsTarget(Slots);
            ring.Collector.Collect(ref last);
            return last.Pages.IsSupersetOf(waiting);
        }),
        nameof(P1_what_was_pushed_before_a_collection_is_in_it),
        maxTest: 500);

    [Fact]
    public void Bad_arguments_and_disposal()
    {
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new OverflowingDirtyRing(3, [(1, 1)], 0));
        Assert.Throws<ArgumentOutOfRangeException>("reservedEntries", () => new OverflowingDirtyRing(4, [(1, 1)], 4));
        Assert.Throws<ArgumentOutOfRangeException>("slots", () => new OverflowingDirtyRing(4, [(1, 0)], 0));
        Assert.Throws<ArgumentException>("slots", () => new OverflowingDirtyRing(4, [(1, 1), (1, 2)], 0));
        Assert.Throws<ArgumentNullException>("slots", () => new OverflowingDirtyRing(4, null!, 0));

        OverflowingDirtyRing ring = Make(1, reserve: 0);
        ring.Producer.Push(1, 1);
        ring.Producer.Push(1, 2);
        ring.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ring.Producer.Push(1, 1));
        Assert.Throws<ObjectDisposedException>(() =>
        {
            var target = new SlotsTarget(Slots);
            ring.Collector.Collect(ref target);
        });
    }

    private static OverflowingDirtyRing Make(int capacity, int reserve) =>
        new(capacity, Slots.Select(slot => (slot.Key, slot.Value)), reserve);

    private readonly struct ReenteringTarget(SlotsTarget inner, OverflowingDirtyRing ring, ulong page) : IResetTarget
    {
        public SlotsTarget Inner { get; } = inner;

        public ulong PagesIn(uint slot) => Inner.PagesIn(slot);

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            Inner.Reset(slot, baseOffset, mask);
            ring.Producer.Push(1, page);
        }
    }

    private readonly struct ThrowingTarget(SlotsTarget inner, int[] left) : IResetTarget
    {
        public SlotsTarget Inner { get; } = inner;

        public ulong PagesIn(uint slot) => left[0]-- == 0 ? throw new InvalidTimeZoneException() : Inner.PagesIn(slot);

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            if (left[0]-- == 0)
                throw new InvalidTimeZoneException();
            Inner.Reset(slot, baseOffset, mask);
        }
    }
}
