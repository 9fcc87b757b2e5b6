using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.DirtyLogs;

/// <summary>A harvest in two phases against one in a single phase: what it costs to hold the pages until they are confirmed, or to put them back.</summary>
/// <remarks>
/// A guest of 4 GiB, of which pages are dirty at random places, or all. An iteration is one harvest; the pages are recorded before it. A ring hands them out in the order in
/// which they were written, which a harvest in two phases sorts.
/// </remarks>
public class TakeBenchmarks
{
    private const int PageCount = 1 << 20;

    private readonly GuestMemory _memory = new();
    private VirtualMachine _machine = null!;
    private IDirtyLog _log = null!;
    private MemorySlot _slot = null!;
    private ulong[] _pages = [];

    [Params(LogKind.Bitmap, LogKind.Ring)]
    public LogKind Log { get; set; }

    [Params(1000, 65536, PageCount)]
    public int Dirty { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _slot = _memory.AddSlotWithoutBytes(id: 0, baseGfn: 0, PageCount);
        _machine = new VirtualMachine(_memory);
        _log = Log == LogKind.Bitmap ? new BitmapDirtyLog(_machine) : new RingDirtyLog(_machine, ringEntries: 2 * PageCount);
        _log.Start();
        _pages = [.. Enumerable.Range(0, PageCount).Select(page => (ulong)page)];
        if (Dirty != PageCount)
        {
            new Random(2019).Shuffle(_pages);
            _pages = _pages[..Dirty];
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    [IterationSetup]
    public void Record()
    {
        _log.Clear();
        foreach (ulong page in _pages)
            _log.Record(_machine.Vcpus[0], _slot, page);
    }

    [Benchmark(Baseline = true)]
    public ulong Harvest()
    {
        var sink = default(SummingSink);
        _log.Harvest(ref sink);
        return sink.Sum;
    }

    [Benchmark]
    public ulong TakeAndConfirm()
    {
        using DirtyHarvest harvest = _log.Take();
        return harvest.Confirm();
    }

    [Benchmark]
    public ulong TakeDeliverAndConfirm()
    {
        using DirtyHarvest harvest = _log.Take();
        var sink = default(SummingSink);
        harvest.Deliver(ref sink);
        harvest.Confirm();
        return sink.Sum;
    }

    [Benchmark]
    public ulong TakeAndPutBack()
    {
        using DirtyHarvest harvest = _log.Take();
        return harvest.PutBack();
    }

    private struct SummingSink : IDirtyPageSink
    {
        public ulong Sum { get; private set; }

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => Sum += baseOffset ^ mask;
    }
}
