using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Bench.Rings;

/// <summary>
/// The life of a ring entry on one thread: push, harvest, reset. The figures are for one entry, all three together.
/// </summary>
/// <remarks>
/// <see cref="Batch"/> entries are pushed, then harvested, then reset; 4096 fill the whole ring, so the last pushes of each lap meet the soft
/// limit. The three harvests differ in what becomes of an entry: copied out, handed to a sink, or read where it lies.
/// </remarks>
public class DirtyRingBenchmarks
{
    private const int RingEntries = 4096;
    private const uint Slot = 1;
    private const ulong SlotPages = 1 << 20;

    private DirtyRing _ring = null!;
    private DirtyRingProducer _producer;
    private DirtyRingHarvester _harvester;
    private DirtyRingResetter _resetter;
    private DirtyGfn[] _copies = [];
    private ulong[] _pages = [];

    [Params(64, RingEntries)]
    public int Batch { get; set; }

    [ParamsAllValues]
    public PageOrder Order { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _ring = new DirtyRing(RingEntries);
        (_producer, _harvester, _resetter) = (_ring.Producer, _ring.Harvester, _ring.Resetter);
        _copies = new DirtyGfn[Batch];
        _pages = Pages.InOrder(Order, RingEntries, SlotPages);

        ResetResult result = HarvestAndReset(_pages.AsSpan(0, 64));
        if (result.Entries != 64 || (Order == PageOrder.Sequential && result.Batches != 1))
            throw new InvalidOperationException($"64 {Order} pages made {result}; sequential ones must make one reset call.");
    }

    [GlobalCleanup]
    public void Cleanup() => _ring.Dispose();

    [Benchmark(OperationsPerInvoke = RingEntries, Baseline = true)]
    public long Copy()
    {
        var target = new CountingTarget(Slot, SlotPages);
        for (int start = 0; start < RingEntries; start += Batch)
        {
            Push(start);
            _harvester.Harvest(_copies);
            _resetter.Reset(ref target);
        }

        return target.Calls;
    }

    [Benchmark(OperationsPerInvoke = RingEntries)]
    public ulong Sink()
    {
        var target = new CountingTarget(Slot, SlotPages);
        var sink = default(SummingSink);
        for (int start = 0; start < RingEntries; start += Batch)
        {
            Push(start);
            _harvester.Harvest(ref sink);
            _resetter.Reset(ref target);
        }

        return sink.Sum + (ulong)target.Calls;
    }

    [Benchmark(OperationsPerInvoke = RingEntries)]
    public ulong Borrow()
    {
        var target = new CountingTarget(Slot, SlotPages);
        ulong sum = 0;
        for (int start = 0; start < RingEntries; start += Batch)
        {
            Push(start);
            BorrowedEntries entries = _harvester.Borrow();
            foreach (ref readonly DirtyGfn entry in entries.First)
                sum += entry.Offset;
            foreach (ref readonly DirtyGfn entry in entries.Second)
                sum += entry.Offset;
            entries.Release(entries.Count);
            _resetter.Reset(ref target);
        }

        return sum + (ulong)target.Calls;
    }

    private void Push(int start)
    {
        DirtyRingProducer producer = _producer;
        foreach (ulong page in _pages.AsSpan(start, Batch))
        {
            if (producer.TryPush(Slot, page) == PushResult.Full)
                throw new InvalidOperationException("The ring is full: the last lap was not reset.");
        }
    }

    private ResetResult HarvestAndReset(ReadOnlySpan<ulong> pages)
    {
        foreach (ulong page in pages)
            _producer.TryPush(Slot, page);
        var sink = default(SummingSink);
        _harvester.Harvest(ref sink);
        var target = new CountingTarget(Slot, SlotPages);
        return _resetter.Reset(ref target);
    }

    private struct SummingSink : IDirtyEntrySink
    {
        public ulong Sum { get; private set; }

        public void Accept(uint slot, ulong offset) => Sum += offset;
    }
}
