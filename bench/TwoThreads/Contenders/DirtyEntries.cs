using RingKit.Bench.Inputs;
using RingKit.Bench.TwoThreads.Ports;
using RingKit.Bench.TwoThreads.Running;
using RingKit.DirtyRings;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>One thread pushes dirty pages, the other harvests a batch and resets it: all that a ring between a vCPU and its migration does.</summary>
internal sealed class DirtyEntries<TPort>(string name, long operations, TPort port, IDisposable owner, int batch) : Contender(name, operations)
    where TPort : struct, IDirtyPort
{
    private const uint Slot = 1;

    public override RunResult Run(long operations)
    {
        ulong sum = 0;
        CrewTime time = Crew.Run(() => Push(port, operations), () => sum = Harvest(port, operations));
        return RunResult.Of(time, operations, sum == (ulong)(operations * (operations - 1) / 2));
    }

    public override void Dispose() => owner.Dispose();

    private static void Push(TPort producer, long count)
    {
        for (ulong offset = 0; offset != (ulong)count; offset++)
        {
            if (producer.TryPush(Slot, offset) == PushResult.Full)
                PushSlowly(producer, offset);
        }
    }

    private static void PushSlowly(TPort producer, ulong offset)
    {
        var idle = default(Idle);
        while (producer.TryPush(Slot, offset) == PushResult.Full)
            idle.Pass();
    }

    private ulong Harvest(TPort consumer, long count)
    {
        var target = new CountingTarget(Slot, (ulong)count);
        var pages = default(SummingSink);
        var idle = default(Idle);
        while (count != 0)
        {
            int harvested = consumer.Harvest(ref pages, batch);
            if (harvested == 0)
            {
                idle.Pass();
                continue;
            }

            idle = default;
            consumer.Reset(ref target);
            count -= harvested;
        }

        return pages.Sum;
    }
}
