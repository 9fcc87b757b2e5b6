using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bitmaps;

namespace RingKit.Bench.Bitmaps;

/// <summary>
/// The three disciplines against the hazard of the skipped mark, one call by one thread: where three pages take most marks, as in real traces,
/// and where marks go anywhere in a bitmap for 1 GiB.
/// </summary>
/// <remarks>
/// No harvest meanwhile, so nearly all pages are dirty already, as between the harvests of a migration. What a discipline costs in the harvest,
/// the harvests of one dirty page show, its mark included.
/// </remarks>
public class MarkDisciplineBenchmarks
{
    private const int Calls = 4096;
    private const int PageCount = 1 << 18;

    private readonly ulong[] _words = new ulong[PageCount / 64];
    private readonly DirtyBitmap<AlwaysOr> _always = new(PageCount);
    private readonly DirtyBitmap<TestBehindFence> _fenced = new(PageCount);
    private readonly DirtyBitmap<TestBeforeBarrier> _barred = new(PageCount);
    private ulong[] _pages = [];

    [ParamsAllValues]
    public PageHeat Heat { get; set; }

    [GlobalSetup]
    public void Setup() => _pages = Pages.ByHeat(Heat, Calls, PageCount);

    [GlobalCleanup]
    public void Cleanup()
    {
        _always.Dispose();
        _fenced.Dispose();
        _barred.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Calls, Baseline = true)]
    public void SetBit()
    {
        ulong[] words = _words;
        foreach (ulong page in _pages)
            words[page >> 6] |= 1UL << (int)page;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public void AlwaysOr() => Mark(_always);

    [Benchmark(OperationsPerInvoke = Calls)]
    public void TestBehindFence() => Mark(_fenced);

    [Benchmark(OperationsPerInvoke = Calls)]
    public void TestBeforeBarrier() => Mark(_barred);

    [Benchmark]
    public ulong HarvestAlwaysOr() => Harvest(_always);

    [Benchmark]
    public ulong HarvestTestBehindFence() => Harvest(_fenced);

    [Benchmark]
    public ulong HarvestTestBeforeBarrier() => Harvest(_barred);

    private void Mark<TMarking>(DirtyBitmap<TMarking> bitmap)
        where TMarking : struct, IMarking
    {
        foreach (ulong page in _pages)
            bitmap.Mark(page);
    }

    private ulong Harvest<TMarking>(DirtyBitmap<TMarking> bitmap)
        where TMarking : struct, IMarking
    {
        bitmap.Mark(_pages[0]);
        Count sink = default;
        bitmap.HarvestMasks(ref sink);
        return sink.Masks;
    }

    private struct Count : IDirtyMaskSink
    {
        public ulong Masks { get; private set; }

        public void Accept(ulong firstPage, ulong mask) => Masks++;
    }
}
