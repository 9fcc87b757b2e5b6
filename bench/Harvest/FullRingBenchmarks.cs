using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Bench.Harvest;

/// <summary>A round of 65,536 pages of a guest of 64 GiB by the ring's size: a vCPU that leaves the guest whenever its ring is full, against one whose pages go to a bitmap then.</summary>
/// <remarks>The figures are for one page: a first store and its share of the harvests. Nobody else is there to be waited for: of a full exit this is the least that it costs.</remarks>
[Charted("A page of a round, its store and its share of the harvests, by the ring's size", nameof(Entries))]
public class FullRingBenchmarks
{
    private const int Pages = 65_536;

    private HarvestGuest _stops = null!;
    private HarvestGuest _fallsBack = null!;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [256] : [256, 1024, 4096, 16_384, 65_536];

    [ParamsSource(nameof(Sizes))]
    public int Entries { get; set; }

    [Params(DirtyShape.Random, DirtyShape.Runs)]
    public DirtyShape Shape { get; set; }

    private PagePattern Pattern => HarvestGuest.PatternOf(Shape);

    [GlobalSetup]
    public void Setup()
    {
        _stops = new HarvestGuest(1UL << 36, Pages, Pattern, machine => new RingDirtyLog(machine, Entries));
        _fallsBack = new HarvestGuest(
            1UL << 36, Pages, Pattern, machine => new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { RingEntries = Entries, Rule = new StillRule(DirtyLogForm.Ring) }));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _stops.Dispose();
        _fallsBack.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Pages, Baseline = true)]
    public long LeavesTheGuest() => Round(_stops);

    [Benchmark(OperationsPerInvoke = Pages)]
    public long FallsBack() => Round(_fallsBack);

    private static long Round(HarvestGuest guest)
    {
        guest.Store();
        return guest.Harvest();
    }
}
