using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.DirtyRings.Resizing;
using RingKit.Properties.DirtyRings.Conformance;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Resizing;

/// <summary>A ring that changes its size between any two steps: order and number of the entries stay.</summary>
public sealed class ResizableRing
{
    private static readonly Dictionary<uint, ulong> Slots = new() { [1] = ulong.MaxValue };

    [Fact]
    public void A_resize_takes_effect_at_the_next_push_and_ends_when_the_old_ring_is_reset()
    {
        using var ring = new ResizableDirtyRing(2, reservedEntries: 0);
        var target = new SlotsTarget(Slots);
        ring.Producer.TryPush(1, 0);
        ring.Producer.TryPush(1, 100);
        Assert.Equal(PushResult.Full, ring.Producer.TryPush(1, 200));

        Assert.True(ring.TryResize(4, reservedEntries: 1));
        Assert.False(ring.TryResize(8, reservedEntries: 1));
        Assert.Equal((4, 3, true, 2), (ring.Capacity, ring.SoftLimit, ring.IsResizing, ring.Used));
        Assert.Equal(PushResult.Pushed, ring.Producer.TryPush(1, 200));

        var destination = new DirtyGfn[8];
        Assert.Equal(1, ring.Harvester.Harvest(destination.AsSpan(0, 1)));
        Assert.Equal(1, ring.Resetter.Reset(ref target).Entries);
        Assert.True(ring.IsResizing);
        Assert.Equal(2, ring.Harvester.Harvest(destination));
        Assert.Equal((100UL, 200UL), (destination[0].Offset, destination[1].Offset));
        Assert.Equal(1, ring.Resetter.Reset(ref target, maximum: 1).Entries);
        Assert.Equal(1, ring.Resetter.Reset(ref target).Entries);
        Assert.Equal((false, 0), (ring.IsResizing, ring.Used));
        Assert.Equal([0UL, 100UL, 200UL], target.Calls.Select(call => call.BaseOffset));
        Assert.True(ring.TryResize(1, reservedEntries: 0));
    }

    [Fact]
    public void Refusals_are_counted_and_reported_across_a_resize()
    {
        using var ring = new ResizableDirtyRing(4, reservedEntries: 0);
        var target = new SlotsTarget(Slots);
        var refused = new EntryList([]);
        ring.Producer.TryPush(2, 5);
        ring.TryResize(4, reservedEntries: 0);
        ring.Producer.TryPush(3, 6);
        ring.Harvester.Harvest(new DirtyGfn[4]);
        Assert.Equal(new ResetResult(2, 2, 2), ring.Resetter.Reset(ref target, ref refused));
        Assert.Equal([(2u, 5UL), (3u, 6UL)], refused.Entries);
        Assert.Equal((2UL, false), (ring.Resetter.RefusedPages, ring.IsResizing));
    }

    [Fact]
    public void A_cancelled_reset_of_the_old_ring_goes_on_there()
    {
        using var ring = new ResizableDirtyRing(4, reservedEntries: 0);
        var target = new SlotsTarget(Slots);
        ring.Producer.TryPush(1, 0);
        ring.TryResize(4, reservedEntries: 0);
        ring.Producer.TryPush(1, 100);
        ring.Harvester.Harvest(new DirtyGfn[4]);
        var stop = new CancellationToken(canceled: true);
        Assert.Equal(new ResetResult { IsInterrupted = true }, ring.Resetter.Reset(ref target, cancellation: stop));
        Assert.Equal(new ResetResult(2, 2, 0), ring.Resetter.Reset(ref target));
        Assert.Equal([0UL, 100UL], target.Calls.Select(call => call.BaseOffset));
    }

    [Fact]
    public void P4_P5_order_and_number_survive_any_schedule() => Props.Check(
        Prop.ForAll<(byte, byte)[]>(steps =>
        {
            using var ring = new ResizableDirtyRing(4, reservedEntries: 0);
            var target = new SlotsTarget(Slots);
            var harvested = new EntryList([]);
            ulong pushed = 0;
            int reset = 0, resizes = 0;
            foreach ((byte party, byte amount) in steps)
            {
                switch (party % 4)
                {
                    case 0:
                        for (int i = 0; i < amount % 12; i++)
                            pushed += ring.Producer.TryPush(1, pushed * 64) == PushResult.Full ? 0u : 1;
                        break;
                    case 1:
                        ring.Harvester.Harvest(ref harvested, amount % 12);
                        break;
                    case 2:
                        reset += ring.Resetter.Reset(ref target, amount % 12).Entries;
                        break;
                    default:
                        resizes += ring.TryResize(1 << (amount % 5), reservedEntries: 0) ? 1 : 0;
                        break;
                }

                if ((int)pushed != ring.Used + reset)
                    return false.Label($"{pushed} pushed, {ring.Used} used, {reset} reset");
            }

            ring.Harvester.Harvest(ref harvested);
            ring.Resetter.Reset(ref target);
            IEnumerable<ulong> expected = Enumerable.Range(0, (int)pushed).Select(sequence => (ulong)sequence * 64);
            return (harvested.Entries.Select(entry => entry.Offset).SequenceEqual(expected)
                && target.Calls.Select(call => call.BaseOffset).SequenceEqual(expected)).Label("order");
        }),
        nameof(P4_P5_order_and_number_survive_any_schedule),
        maxTest: 500);

    [Fact]
    public void Bad_arguments_and_disposal()
    {
        var ring = new ResizableDirtyRing(4, reservedEntries: 0);
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => ring.TryResize(3, 0));
        Assert.Throws<ArgumentOutOfRangeException>("reservedEntries", () => ring.TryResize(4, 4));
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () =>
        {
            var sink = new EntryList([]);
            ring.Harvester.Harvest(ref sink, -1);
        });
        ring.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ring.Producer.TryPush(1, 1));
        Assert.Throws<ObjectDisposedException>(() => ring.Harvester.Harvest(new DirtyGfn[1]));
    }
}
