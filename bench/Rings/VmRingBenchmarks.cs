using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;

namespace RingKit.Bench.Rings;

/// <summary>
/// The ring of a whole machine, whose producers take a lock, against the ring of one vCPU, on one thread: what every push pays although nobody else is there. One
/// entry: push, harvest and reset.
/// </summary>
[AllocatesNothing]
public class VmRingBenchmarks
{
    private const int RingEntries = 4096;
    private const int Batch = 2048;
    private const uint Slot = 1;

    private IndexPublishedDirtyRing _own = null!;
    private VmDirtyRing _shared = null!;

    [GlobalSetup]
    public void Setup()
    {
        _own = new IndexPublishedDirtyRing(RingEntries);
        _shared = new VmDirtyRing(RingEntries);
        if (OfTheVcpu() != OfTheMachine())
            throw new InvalidOperationException("The rings reset differently.");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _own.Dispose();
        _shared.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Batch, Baseline = true)]
    public long OfTheVcpu()
    {
        IndexPublishedProducer<PowerOfTwoIndexing> producer = _own.Producer;
        for (ulong page = 0; page < Batch; page++)
            producer.TryPush(Slot, page);
        return Take(_own);
    }

    [Benchmark(OperationsPerInvoke = Batch)]
    public long OfTheMachine()
    {
        LockedProducer producer = _shared.Producer;
        for (ulong page = 0; page < Batch; page++)
            producer.TryPush(Slot, page);
        return Take(_shared);
    }

    private static long Take(IndexPublishedRing<PowerOfTwoIndexing> ring)
    {
        var sink = default(NoSink);
        var target = new CountingTarget(Slot, Batch);
        ring.Harvester.Harvest(ref sink);
        ring.Resetter.Reset(ref target);
        return target.Calls;
    }

    private struct NoSink : IDirtyEntrySink
    {
        public readonly void Accept(uint slot, ulong offset)
        {
        }
    }
}
