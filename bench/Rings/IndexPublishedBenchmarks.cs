using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;

namespace RingKit.Bench.Rings;

/// <summary>
/// The life of an entry on one thread, push, harvest and reset, in the rings that publish by an index: what any capacity costs against a power of
/// two. The slot-published ring beside them. The figures are for one entry, all three together.
/// </summary>
[AllocatesNothing]
public class IndexPublishedBenchmarks
{
    private const int RingEntries = 4096;
    private const uint Slot = 1;
    private const ulong SlotPages = 1 << 20;

    private readonly DirtyGfn[] _copies = new DirtyGfn[RingEntries];
    private DirtyRing _slotPublished = null!;
    private IndexPublishedDirtyRing _powerOfTwo = null!;
    private AnyCapacityDirtyRing _sameCapacity = null!;
    private AnyCapacityDirtyRing _oddCapacity = null!;
    private ulong[] _pages = [];

    [Params(64, RingEntries)]
    public int Batch { get; set; }

    [ParamsAllValues]
    public PageOrder Order { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _slotPublished = new DirtyRing(RingEntries);
        _powerOfTwo = new IndexPublishedDirtyRing(RingEntries);
        _sameCapacity = new AnyCapacityDirtyRing(RingEntries);
        _oddCapacity = new AnyCapacityDirtyRing(RingEntries + 905);
        _pages = Pages.InOrder(Order, RingEntries, SlotPages);

        // All four reset the same pages in the same batches.
        long[] calls = [SlotPublished(), PowerOfTwo(), AnyCapacity(), OddCapacity()];
        if (calls.Distinct().Count() != 1 || calls[0] == 0)
            throw new InvalidOperationException($"The rings reset differently: {string.Join(", ", calls)} calls.");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _slotPublished.Dispose();
        _powerOfTwo.Dispose();
        _sameCapacity.Dispose();
        _oddCapacity.Dispose();
    }

    [Benchmark(OperationsPerInvoke = RingEntries)]
    public long SlotPublished()
    {
        DirtyRingProducer producer = _slotPublished.Producer;
        var target = new CountingTarget(Slot, SlotPages);
        for (int start = 0; start < RingEntries; start += Batch)
        {
            foreach (ulong page in _pages.AsSpan(start, Batch))
                producer.TryPush(Slot, page);
            _slotPublished.Harvester.Harvest(_copies);
            _slotPublished.Resetter.Reset(ref target);
        }

        return target.Calls;
    }

    [Benchmark(OperationsPerInvoke = RingEntries, Baseline = true)]
    public long PowerOfTwo() => Run(_powerOfTwo.Producer, _powerOfTwo);

    /// <summary>The same capacity, by compare instead of mask.</summary>
    [Benchmark(OperationsPerInvoke = RingEntries)]
    public long AnyCapacity() => Run(_sameCapacity.Producer, _sameCapacity);

    /// <summary>5001 entries: laps end in the middle of batches.</summary>
    [Benchmark(OperationsPerInvoke = RingEntries)]
    public long OddCapacity() => Run(_oddCapacity.Producer, _oddCapacity);

    private long Run<TIndexing>(IndexPublishedProducer<TIndexing> producer, IndexPublishedRing<TIndexing> ring)
        where TIndexing : struct, IIndexing
    {
        IndexPublishedHarvester<TIndexing> harvester = ring.Harvester;
        IndexPublishedResetter<TIndexing> resetter = ring.Resetter;
        var target = new CountingTarget(Slot, SlotPages);
        for (int start = 0; start < RingEntries; start += Batch)
        {
            foreach (ulong page in _pages.AsSpan(start, Batch))
                producer.TryPush(Slot, page);
            harvester.Harvest(_copies);
            resetter.Reset(ref target);
        }

        return target.Calls;
    }
}
