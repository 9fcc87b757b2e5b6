using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using RingKit.Bench.Inputs;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Bytes;
using RingKit.Bitmaps.Listing;
using RingKit.Bitmaps.Summary;

namespace RingKit.Bench.Bitmaps;

/// <summary>The four trackers of 256 million pages (1 TiB of guest memory): marking what is dirty, and harvesting it into masks.</summary>
/// <remarks>
/// Each operation is one pass, between two of which the other half is done unmeasured: so a mark finds its page clean, and a harvest finds what was marked just
/// before. Everything is marked by one range; fewer pages one by one, in random order.
/// </remarks>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
public class TrackerBenchmarks
{
    private const string Marking = "Mark";
    private const string Harvesting = "Harvest";

    private readonly BitmapSubject _bitmap = new(new DirtyBitmap(PageCount));
    private readonly SummarySubject _summary = new(new SummaryBitmap(PageCount));
    private readonly ListSubject _list = new(new DirtyList(PageCount));
    private readonly BytesSubject _bytes = new(new DirtyByteMap(PageCount));
    private ulong[] _pages = [];

    public static IEnumerable<double> Densities => Grid.IsQuick ? [0, 0.01] : [0, 0.0001, 0.01, 1, 100];

    [ParamsSource(nameof(Densities))]
    public double DirtyPercent { get; set; }

    private static ulong PageCount => Grid.IsQuick ? 1UL << 20 : 1UL << 28;

    [GlobalSetup]
    public void Setup()
    {
        // Zeros that nobody has written are one page of memory: all is to have its own.
        foreach (IDirtyTracker tracker in Trackers)
            tracker.MarkRange(0, PageCount);
        ulong[] counts = [HarvestBitmap(), HarvestSummary(), HarvestList(), HarvestBytes()];
        if (counts.Any(count => count != PageCount))
            throw new InvalidOperationException($"{PageCount} pages were dirty, harvested were {string.Join(", ", counts)}.");

        if (DirtyPercent < 100)
            _pages = Inputs.Pages.InOrder(PageOrder.Random, (int)(PageCount * DirtyPercent / 100), PageCount);
        WarmUp(new BitmapSubject(new DirtyBitmap(1 << 14)));
        WarmUp(new SummarySubject(new SummaryBitmap(1 << 14)));
        WarmUp(new ListSubject(new DirtyList(1 << 14)));
        WarmUp(new BytesSubject(new DirtyByteMap(1 << 14)));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (IDirtyTracker tracker in Trackers)
            tracker.Dispose();
    }

    [IterationSetup(Targets = [nameof(HarvestBitmap), nameof(HarvestSummary), nameof(HarvestList), nameof(HarvestBytes)])]
    public void MarkAll()
    {
        MarkBitmap();
        MarkSummary();
        MarkList();
        MarkBytes();
    }

    [IterationSetup(Targets = [nameof(MarkBitmap), nameof(MarkSummary), nameof(MarkList), nameof(MarkBytes)])]
    public void HarvestAll()
    {
        HarvestBitmap();
        HarvestSummary();
        HarvestList();
        HarvestBytes();
    }

    [Benchmark(Baseline = true)]
    [BenchmarkCategory(Harvesting)]
    public ulong HarvestBitmap() => Harvest(_bitmap);

    [Benchmark]
    [BenchmarkCategory(Harvesting)]
    public ulong HarvestSummary() => Harvest(_summary);

    [Benchmark]
    [BenchmarkCategory(Harvesting)]
    public ulong HarvestList() => Harvest(_list);

    [Benchmark]
    [BenchmarkCategory(Harvesting)]
    public ulong HarvestBytes() => Harvest(_bytes);

    [Benchmark(Baseline = true)]
    [BenchmarkCategory(Marking)]
    public void MarkBitmap() => Mark(_bitmap);

    [Benchmark]
    [BenchmarkCategory(Marking)]
    public void MarkSummary() => Mark(_summary);

    [Benchmark]
    [BenchmarkCategory(Marking)]
    public void MarkList() => Mark(_list);

    [Benchmark]
    [BenchmarkCategory(Marking)]
    public void MarkBytes() => Mark(_bytes);

    private IEnumerable<IDirtyTracker> Trackers => [_bitmap.Tracker, _summary.Tracker, _list.Tracker, _bytes.Tracker];

    private static ulong Harvest<TSubject>(TSubject subject)
        where TSubject : struct, ISubject
    {
        var sink = default(PageCounter);
        subject.Harvest(ref sink);
        return sink.Pages;
    }

    private void Mark<TSubject>(TSubject subject)
        where TSubject : struct, ISubject
    {
        if (DirtyPercent >= 100)
            subject.Tracker.MarkRange(0, PageCount);
        foreach (ulong page in _pages)
            subject.Mark(page);
    }

    // An iteration is one call: so the code has to be compiled for good before the first one.
    private static void WarmUp<TSubject>(TSubject subject)
        where TSubject : struct, ISubject
    {
        for (int pause = 0; pause < 4; pause++)
        {
            for (int round = 0; round < 200; round++)
            {
                for (ulong page = 0; page < subject.Tracker.Pages; page += 101)
                    subject.Mark(page);
                Harvest(subject);
            }

            Thread.Sleep(150);
        }

        subject.Tracker.Dispose();
    }
}
