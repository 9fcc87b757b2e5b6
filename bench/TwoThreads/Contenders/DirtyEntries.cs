using RingKit.Bench.Inputs;
using RingKit.Bench.TwoThreads.Running;
using RingKit.DirtyRings;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>One thread pushes dirty pages, the other harvests a batch and resets it: all that a ring between a vCPU and its migration does.</summary>
internal sealed class DirtyEntries(string name, long operations, int capacity, int batch) : Contender(name, operations)
{
    private const uint Slot = 1;

    private readonly DirtyRing _ring = new(capacity);

    public override RunResult Run(long operations)
    {
        ulong sum = 0;
        CrewTime time = Crew.Run(() => Push(_ring.Producer, operations), () => sum = Harvest(operations));
        return RunResult.Of(time, operations, sum == (ulong)(operations * (operations - 1) / 2));
    }

    public override void Dispose() => _ring.Dispose();

    private static void Push(DirtyRingProducer producer, long count)
    {
        for (ulong offset = 0; offset != (ulong)count; offset++)
        {
            if (producer.TryPush(Slot, offset) == PushResult.Full)
                PushSlowly(producer, offset);
        }
    }

    private static void PushSlowly(DirtyRingProducer producer, ulong offset)
    {
        var idle = default(Idle);
        while (producer.TryPush(Slot, offset) == PushResult.Full)
            idle.Pass();
    }

    private ulong Harvest(long count)
    {
        DirtyRingHarvester harvester = _ring.Harvester;
        DirtyRingResetter resetter = _ring.Resetter;
        var target = new CountingTarget(Slot, (ulong)count);
        var pages = default(SummingSink);
        var idle = default(Idle);
        while (count != 0)
        {
            int harvested = harvester.Harvest(ref pages, batch);
            if (harvested == 0)
            {
                idle.Pass();
                continue;
            }

            idle = default;
            resetter.Reset(ref target);
            count -= harvested;
        }

        return pages.Sum;
    }

    private struct SummingSink : IDirtyEntrySink
    {
        public ulong Sum { get; private set; }

        public void Accept(uint slot, ulong offset) => Sum += offset;
    }
}
