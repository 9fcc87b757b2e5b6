using FsCheck.Fluent;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>
/// One suite for all rings: whatever the schedule, first in, first out, nothing lost, nothing invented, room and count exact.
/// </summary>
public sealed class RingContract
{
    // The last ones cross 2^32 within a lap or two: nothing may keep an index in 32 bits.
    private static readonly ulong[] Starts = [0, 1, 13, uint.MaxValue, uint.MaxValue - 5UL, (1UL << 31) - 3, (1UL << 62) + 7];

    [Fact]
    public void The_ring_of_one_producer_is_a_bounded_queue() => Check<SpscRig>("RingContract.Spsc");

    [Fact]
    public void The_ring_of_many_producers_is_a_bounded_queue() => Check<MpscRig>("RingContract.Mpsc");

    [Fact]
    public void The_broadcast_ring_is_a_bounded_queue() => Check<BroadcastRig>("RingContract.Broadcast");

    private static void Check<TRig>(string name)
        where TRig : IRingRig
    {
        int wraps = 0;
        Props.Check(
            Prop.ForAll<(byte Operation, byte Amount, byte Part)[], (byte Log, byte Start)>((steps, ring) =>
            {
                int capacity = 1 << (ring.Log % 5);
                ulong start = Starts[ring.Start % Starts.Length];
                using IRingRig rig = TRig.Make(capacity, start);
                var model = new RingModel(capacity, TRig.AbortedSlotsStay);
                foreach ((byte operation, byte amount, byte part) in steps)
                    Step(rig, model, operation, amount % ((2 * capacity) + 2), part);
                Finish(rig, model);
                wraps += model.Pushed > 2UL * (ulong)capacity ? 1 : 0;
                return true;
            }),
            name,
            maxTest: 400);
        Report.Line($"{name}: {wraps} schedules wrapped twice.");
        if (Environment.GetEnvironmentVariable(Props.MaxTestVariable) is null)
            Assert.NotEqual(0, wraps);
    }

    private static void Step(IRingRig rig, RingModel model, byte operation, int amount, byte part)
    {
        switch (operation % 9)
        {
            case 0:
            case 1:
                Assert.Equal(model.Push(1) == 1, rig.TryPush(model.Next()));
                model.Advance();
                break;
            case 2:
                Item[] batch = model.Next(amount);
                Assert.Equal(model.Push(amount), rig.TryPush(batch));
                model.Advance();
                break;
            case 3:
                int commit = amount == 0 ? 0 : part % (amount + 1);
                Item[] items = model.Next(amount);
                Assert.Equal(model.Claim(amount, commit), rig.Claim(items, commit));
                model.Advance();
                break;
            case 4:
            case 5:
                ulong[] one = model.Pop(1);
                Assert.Equal(one.Length == 1, rig.TryPop(out Item item));
                if (one.Length == 1)
                    item.MustBe(one[0]);
                break;
            case 6:
                var destination = new Item[amount];
                int count = rig.TryPop(destination);
                MustBe(model.Pop(amount), destination[..count]);
                break;
            case 7:
                ulong[] lent = model.Peek(amount);
                int release = part % (lent.Length + 1);
                MustBe(lent, rig.Peek(amount, release));
                model.Pop(release);
                break;
            default:
                Assert.Equal(model.Peek(int.MaxValue).Length, rig.Available);
                break;
        }

        Assert.Equal(model.Used, rig.Count);
        Assert.False(rig.IsCompleted);
    }

    private static void Finish(IRingRig rig, RingModel model)
    {
        rig.Complete();
        rig.Complete();
        Assert.Throws<InvalidOperationException>(() => rig.TryPush(new Item(0)));
        Assert.Throws<InvalidOperationException>(() => rig.TryPush([new Item(0)]));
        Assert.Throws<InvalidOperationException>(() => rig.Claim([new Item(0)], 1));
        while (model.Pop(1) is [ulong sequence])
        {
            Assert.False(rig.IsCompleted);
            Assert.True(rig.TryPop(out Item item));
            item.MustBe(sequence);
        }

        Assert.True(rig.IsCompleted);
        Assert.False(rig.TryPop(out _));
        Assert.Equal(0, rig.Count);
    }

    private static void MustBe(ulong[] expected, Item[] items)
    {
        Assert.Equal(expected.Length, items.Length);
        for (int i = 0; i < items.Length; i++)
            items[i].MustBe(expected[i]);
    }
}
