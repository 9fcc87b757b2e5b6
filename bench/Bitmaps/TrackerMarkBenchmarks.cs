using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Bytes;
using RingKit.Bitmaps.Listing;
using RingKit.Bitmaps.Summary;

namespace RingKit.Bench.Bitmaps;

/// <summary>Marking by one thread, for one call, of pages that are dirty already, which most pages are: four trackers of 256 million pages.</summary>
/// <remarks>Hot: 64 neighbouring pages, as in real traces, where three pages take most stores. Spread: 4096 pages anywhere.</remarks>
public class TrackerMarkBenchmarks
{
    private const int Calls = 4096;
    private const ulong PageCount = 1UL << 28;

    private readonly BitmapSubject _bitmap = new(new DirtyBitmap(PageCount));
    private readonly SummarySubject _summary = new(new SummaryBitmap(PageCount));
    private readonly ListSubject _list = new(new DirtyList(PageCount));
    private readonly BytesSubject _bytes = new(new DirtyByteMap(PageCount));
    private ulong[] _pages = [];

    [Params(false, true)]
    public bool IsHot { get; set; }

    [GlobalSetup]
    public void Setup() => _pages = Pages.InOrder(PageOrder.Random, Calls, IsHot ? 64 : PageCount);

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (IDirtyTracker tracker in (IDirtyTracker[])[_bitmap.Tracker, _summary.Tracker, _list.Tracker, _bytes.Tracker])
            tracker.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Calls, Baseline = true)]
    public void MarkBitmap() => Mark(_bitmap);

    [Benchmark(OperationsPerInvoke = Calls)]
    public void MarkSummary() => Mark(_summary);

    [Benchmark(OperationsPerInvoke = Calls)]
    public void MarkList() => Mark(_list);

    [Benchmark(OperationsPerInvoke = Calls)]
    public void MarkBytes() => Mark(_bytes);

    [Benchmark(OperationsPerInvoke = Calls)]
    public int TryMarkBytes()
    {
        BytesSubject subject = _bytes;
        int clean = 0;
        foreach (ulong page in _pages)
            clean += subject.TryMark(page) ? 1 : 0;
        return clean;
    }

    private void Mark<TSubject>(TSubject subject)
        where TSubject : struct, ISubject
    {
        foreach (ulong page in _pages)
            subject.Mark(page);
    }
}
