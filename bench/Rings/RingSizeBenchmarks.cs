using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.DirtyRings;

namespace RingKit.Bench.Rings;

/// <summary>What a ring's size costs beyond its memory: an entry's push, harvest and reset where the ring fits a cache, and where it does not. One entry, all three.</summary>
/// <remarks>
/// 64 KiB of entries are 4096. <see cref="WholeRing"/> fills it between two harvests; <see cref="ByHundred"/> harvests every hundred entries, which go round a large ring all the same,
/// so that each of them lies where the caches do not have it.
/// </remarks>
[AllocatesNothing]
[Charted("An entry's push, harvest and reset, by the ring's size", nameof(Entries), IsLinear = true)]
public class RingSizeBenchmarks
{
    private const int Total = 1 << 20;
    private const int Hundred = 128;
    private const uint Slot = 1;

    private DirtyRing _ring = null!;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [256] : [256, 4096, 65_536, 1 << 20, 1 << 23];

    [ParamsSource(nameof(Sizes))]
    public int Entries { get; set; }

    [GlobalSetup]
    public void Setup() => _ring = new DirtyRing(Entries, reservedEntries: 0);

    [GlobalCleanup]
    public void Cleanup() => _ring.Dispose();

    [Benchmark(OperationsPerInvoke = Total)]
    public long WholeRing() => Run(Math.Min(Entries, Total));

    [Benchmark(OperationsPerInvoke = Total)]
    public long ByHundred() => Run(Hundred);

    // Pages so far apart that each makes a reset call, as those of a sparse guest do.
    private long Run(int batch)
    {
        DirtyRingProducer producer = _ring.Producer;
        var target = new CountingTarget(Slot, ulong.MaxValue);
        var sink = default(NoSink);
        ulong page = 0;
        for (int done = 0; done < Total; done += batch)
        {
            for (int i = 0; i < batch; i++)
                producer.TryPush(Slot, page += 4096);
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
