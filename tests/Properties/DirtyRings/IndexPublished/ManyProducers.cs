using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.DirtyRings.Conformance;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.IndexPublished;

/// <summary>A machine's own ring under more producers than there are cores.</summary>
[Collection(RunAlone.Name)]
public sealed class ManyProducers
{
    private const int Producers = 4;
    private const uint EntriesEach = 100_000;

    [Fact]
    public void A_push_waits_for_the_push_that_is_under_way()
    {
        using var rig = new IndexRig<PowerOfTwoIndexing>(4);
        rig.Core.Control.ProducerLock = 1;
        var result = PushResult.Full;
        new Crew(TimeSpan.FromSeconds(30)).Run(
            ("second", () => result = rig.Core.TryPushLocked(1, 5)),
            ("first", () =>
            {
                Thread.Sleep(50);
                Assert.Equal(0u, rig.Core.Used);
                Volatile.Write(ref rig.Core.Control.ProducerLock, 0);
            }
        ));
        Assert.Equal((PushResult.Pushed, 1u, 0UL), (result, rig.Core.Used, rig.Core.Control.ProducerLock));
    }

    [Fact]
    public void Each_producers_entries_arrive_once_and_in_their_order()
    {
        using var ring = new VmDirtyRing(256);
        var crew = new Crew(TimeSpan.FromSeconds(60));
        ulong[] next = new ulong[Producers];
        crew.Run([
            .. Enumerable.Range(0, Producers).Select(id => ($"producer {id}", (Action)(() => Produce((uint)id)))),
            ("harvester", Collect)]);
        Assert.All(next, count => Assert.Equal(EntriesEach, count));
        Assert.Equal(0, ring.Used);

        void Produce(uint id)
        {
            int idle = 0;
            for (ulong sequence = 0; sequence < EntriesEach;)
            {
                if (ring.Producer.TryPush(id, sequence * 64) == PushResult.Full)
                {
                    crew.Idle(ref idle, $"room for entry {sequence}");
                    continue;
                }

                idle = 0;
                sequence++;
            }
        }

        void Collect()
        {
            var sink = new OrderSink(next);
            var target = default(AnyTarget);
            int idle = 0;
            for (ulong count = 0; count < Producers * EntriesEach;)
            {
                int harvested = ring.Harvester.Harvest(ref sink);
                Assert.Equal(harvested, ring.Resetter.Reset(ref target).Entries);
                count += (uint)harvested;
                if (harvested == 0)
                    crew.Idle(ref idle, $"entry {count}");
                else
                    idle = 0;
            }
        }
    }

    private readonly struct OrderSink(ulong[] next) : IDirtyEntrySink
    {
        public void Accept(uint slot, ulong offset)
        {
            if (offset != next[slot] * 64)
                throw new InvalidOperationException($"Producer {slot} sent {offset}, and should have sent {next[slot] * 64}.");
            next[slot]++;
        }
    }

    private struct AnyTarget : IResetTarget
    {
        public readonly ulong PagesIn(uint slot) => ulong.MaxValue;

        public readonly void Reset(uint slot, ulong baseOffset, ulong mask)
        {
        }
    }
}
