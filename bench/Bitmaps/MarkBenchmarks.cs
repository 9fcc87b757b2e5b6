using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bitmaps;

namespace RingKit.Bench.Bitmaps;

/// <summary>
/// Marking by one thread, for one call, in a bitmap for 1 GiB of guest memory (32 KiB). The baseline sets the bit without an atomic.
/// </summary>
/// <remarks>The bitmap is not harvested meanwhile, so most pages are dirty already; an atomic or costs the same either way.</remarks>
public class MarkBenchmarks
{
    private const int Calls = 4096;
    private const int PageCount = 1 << 18;

    private readonly ulong[] _words = new ulong[PageCount / 64];
    private DirtyBitmap _bitmap = null!;
    private ulong[] _pages = [];

    [ParamsAllValues]
    public PageOrder Order { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bitmap = new DirtyBitmap(PageCount);
        _pages = Pages.InOrder(Order, Calls, PageCount - 256);
    }

    [GlobalCleanup]
    public void Cleanup() => _bitmap.Dispose();

    [Benchmark(OperationsPerInvoke = Calls, Baseline = true)]
    public void SetBit()
    {
        ulong[] words = _words;
        foreach (ulong page in _pages)
            words[page >> 6] |= 1UL << (int)page;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public void Mark()
    {
        DirtyBitmap bitmap = _bitmap;
        foreach (ulong page in _pages)
            bitmap.Mark(page);
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public int TryMark()
    {
        DirtyBitmap bitmap = _bitmap;
        int marked = 0;
        foreach (ulong page in _pages)
            marked += bitmap.TryMark(page) ? 1 : 0;
        return marked;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    [Arguments(1)]
    [Arguments(16)]
    [Arguments(64)]
    [Arguments(256)]
    public void MarkRange(ulong count)
    {
        DirtyBitmap bitmap = _bitmap;
        foreach (ulong page in _pages)
            bitmap.MarkRange(page, count);
    }
}
