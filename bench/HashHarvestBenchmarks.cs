using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Mmu.HashTable.Harvesting;

namespace RingKit.Bench;

/// <summary>
/// The harvest of a guest's hashed page table, by the reverse map's chains, by the sweep, and by the choice between them. Tables are out of the caches,
/// and a tlbie costs nothing: what it costs on a machine comes on top, once an entry for the walks, once a batch for the sweep.
/// </summary>
public class HashHarvestBenchmarks
{
    private HarvestTable _table = null!;

    public static IEnumerable<int> Guests => Grid.IsQuick ? [1] : [1, 4, 32];

    public static IEnumerable<double> Densities => Grid.IsQuick ? [0, 1] : [0, 0.01, 1, 10, 100];

    public static IEnumerable<int> Ratios => Grid.IsQuick ? [1024] : [128, 1024];

    [ParamsSource(nameof(Guests))]
    public int GiB { get; set; }

    [Params(4, 64)]
    public int PageKiB { get; set; }

    [ParamsSource(nameof(Ratios))]
    public int GuestPerTable { get; set; }

    [ParamsSource(nameof(Densities))]
    public double ChangedPercent { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _table = new HarvestTable((ulong)GiB << 30, PageKiB == 4 ? 12 : 16, GuestPerTable);
        _table.ChooseDirty(ChangedPercent / 100);
        foreach (HarvestMethod method in Enum.GetValues<HarvestMethod>())
            _table.Check(method);
    }

    [GlobalCleanup]
    public void Cleanup() => _table.Dispose();

    [IterationSetup]
    public void Prepare()
    {
        _table.Store();
        _table.Evict();
    }

    [Benchmark(Baseline = true)]
    public ulong Walk() => _table.Harvest(HarvestMethod.Walk).BytesTouched;

    [Benchmark]
    public ulong FilteredWalk() => _table.Harvest(HarvestMethod.FilteredWalk).BytesTouched;

    [Benchmark]
    public ulong Sweep() => _table.Harvest(HarvestMethod.Sweep).BytesTouched;

    [Benchmark]
    public ulong Cheapest() => _table.Harvest(HarvestMethod.Cheapest).BytesTouched;
}
