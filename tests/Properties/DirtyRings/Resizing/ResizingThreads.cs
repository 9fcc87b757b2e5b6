using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.DirtyRings.Resizing;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Resizing;

/// <summary>Four threads: one resizes without end while the others work.</summary>
[Collection(RunAlone.Name)]
public sealed class ResizingThreads
{
    private const ulong Entries = 500_000;

    [Fact]
    public void Every_entry_arrives_once_and_in_order()
    {
        using var ring = new ResizableDirtyRing(16, reservedEntries: 0);
        var crew = new Crew(TimeSpan.FromSeconds(60));
        int resizes = 0;
        bool ended = false;
        crew.Run(("producer", Produce), ("harvester", Harvest), ("resetter", Reset), ("resizer", Resize));
        Assert.Equal(0, ring.Used);
        Assert.True(resizes > 10, $"Only {resizes} resizes.");
        Report.Line($"ResizingThreads: {Entries} entries through {resizes} resizes.");

        void Produce()
        {
            int idle = 0;
            for (ulong sequence = 0; sequence < Entries;)
            {
                if (ring.Producer.TryPush(1, sequence * 64) == PushResult.Full)
                {
                    crew.Idle(ref idle, $"room for entry {sequence}");
                    continue;
                }

                idle = 0;
                sequence++;
            }
        }

        void Harvest()
        {
            var sink = default(OrderSink);
            int idle = 0;
            while (sink.Next < Entries)
            {
                if (ring.Harvester.Harvest(ref sink, 5) != 0)
                    idle = 0;
                else
                    crew.Idle(ref idle, $"entry {sink.Next}");
            }
        }

        void Reset()
        {
            var target = default(OrderTarget);
            int idle = 0;
            while (target.Next < Entries)
            {
                if (ring.Resetter.Reset(ref target).Entries != 0)
                    idle = 0;
                else
                    crew.Idle(ref idle, $"the harvest of entry {target.Next}");
            }

            Volatile.Write(ref ended, true);
        }

        void Resize()
        {
            int idle = 0;
            while (!Volatile.Read(ref ended))
            {
                if (ring.TryResize(1 << (3 + (resizes % 7)), reservedEntries: 0))
                    resizes++;
                crew.Idle(ref idle, "the end");
            }
        }
    }

    private struct OrderSink : IDirtyEntrySink
    {
        public ulong Next { get; private set; }

        public void Accept(uint slot, ulong offset)
        {
            if (offset != Next++ * 64)
                throw new InvalidOperationException($"Entry {Next - 1} has offset {offset}.");
        }
    }

    private struct OrderTarget : IResetTarget
    {
        public ulong Next { get; private set; }

        public readonly ulong PagesIn(uint slot) => ulong.MaxValue;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            if (mask != 1 || baseOffset != Next++ * 64)
                throw new InvalidOperationException($"Entry {Next - 1} is reset as {baseOffset} with mask {mask:x}.");
        }
    }
}
