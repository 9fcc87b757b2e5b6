using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.DirtyRings;

namespace RingKit.Bench.Rings;

/// <summary>
/// Entries that name 4 KiB each, as the dirty ring has them, against one that would name a page of 2 MiB: what 512 entries cost that lie side by side. An operation is
/// 2 MiB of dirty memory: push, harvest, reset, four of them at a time.
/// </summary>
[AllocatesNothing]
public class EntrySizeBenchmarks
{
    private const int PagesOfBlock = 512;
    private const int Blocks = 64;
    private const uint Slot = 1;

    private DirtyRing _ring = null!;

    [GlobalSetup]
    public void Setup() => _ring = new DirtyRing(4096);

    [GlobalCleanup]
    public void Cleanup() => _ring.Dispose();

    [Benchmark(OperationsPerInvoke = Blocks, Baseline = true)]
    public long Of4KiB() => Run(PagesOfBlock);

    [Benchmark(OperationsPerInvoke = Blocks)]
    public long Of2MiB() => Run(1);

    // Blocks apart from each other, so that entries of two of them share no reset.
    private long Run(int entriesOfBlock)
    {
        DirtyRingProducer producer = _ring.Producer;
        var target = new CountingTarget(Slot, ulong.MaxValue);
        var sink = default(NoSink);
        for (ulong block = 0; block < Blocks; block++)
        {
            for (ulong page = 0; page < (ulong)entriesOfBlock; page++)
                producer.TryPush(Slot, (block * 2 * PagesOfBlock) + page);
            if (block % 4 != 3)
                continue;
            _ring.Harvester.Harvest(ref sink);
            _ring.Resetter.Reset(ref target);
        }

        return target.Calls;
    }

    private struct NoSink : IDirtyEntrySink
    {
        public readonly void Accept(uint slot, ulong offset)
        {
        }
    }
}
