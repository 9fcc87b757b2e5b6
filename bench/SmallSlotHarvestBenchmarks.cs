using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Mmu.HashTable.Harvesting;

namespace RingKit.Bench;

/// <summary>GET of a slot of 256 pages, a display's, in a large guest: a sweep passes over all of the table for it.</summary>
public class SmallSlotHarvestBenchmarks
{
    private HarvestTable _table = null!;

    public static IEnumerable<int> Guests => Grid.IsQuick ? [1] : [1, 4];

    [ParamsSource(nameof(Guests))]
    public int GiB { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _table = new HarvestTable((ulong)GiB << 30, pageShift: 16, ratio: 128);
        _table.LogSmallSlot();
    }

    [GlobalCleanup]
    public void Cleanup() => _table.Dispose();

    [IterationSetup]
    public void Prepare() => _table.Evict();

    [Benchmark(Baseline = true)]
    public ulong Walk() => _table.GetSmall(HarvestMethod.Walk).BytesTouched;

    [Benchmark]
    public ulong FilteredWalk() => _table.GetSmall(HarvestMethod.FilteredWalk).BytesTouched;

    [Benchmark]
    public ulong Sweep() => _table.GetSmall(HarvestMethod.Sweep).BytesTouched;

    [Benchmark]
    public ulong Cheapest() => _table.GetSmall(HarvestMethod.Cheapest).BytesTouched;
}
