using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.Harvest;

/// <summary>Sparse against dense: a round of a guest, which stores once to each of some pages, and the harvest that reports them.</summary>
/// <remarks>
/// <see cref="Harvest"/> alone needs the stores before each of its iterations, so that an iteration is one harvest: expect spread. A round is both, and repeats.
/// A ring has 4096 entries; for a full one the vCPU harvests and goes on.
/// </remarks>
[Charted("A round, and its harvest alone, by how many pages it dirties", nameof(Dirty), nameof(Log), Columns = 3)]
public class HarvestBenchmarks
{
    private HarvestGuest _guest = null!;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [1] : [1, 64];

    public static IEnumerable<int> DirtyCounts => Grid.IsQuick ? [0, 1000] : [0, 100, 1000, 10_000, 100_000];

    [ParamsSource(nameof(Sizes))]
    public int GiB { get; set; }

    [ParamsSource(nameof(DirtyCounts))]
    public int Dirty { get; set; }

    public static IEnumerable<DirtyShape> Shapes => Grid.IsQuick ? [DirtyShape.Random] : Enum.GetValues<DirtyShape>();

    [ParamsSource(nameof(Shapes))]
    public DirtyShape Shape { get; set; }

    [ParamsAllValues]
    public HarvestLog Log { get; set; }

    [GlobalSetup]
    public void Setup() => _guest = new HarvestGuest((ulong)GiB << 30, Dirty, HarvestGuest.PatternOf(Shape), Make);

    [GlobalCleanup]
    public void Cleanup() => _guest.Dispose();

    [Benchmark]
    public long Round()
    {
        _guest.Store();
        return _guest.Harvest();
    }

    [IterationSetup(Target = nameof(Harvest))]
    public void StoreAll() => _guest.Store();

    [Benchmark]
    public long Harvest() => _guest.Harvest();

    private IDirtyLog Make(VirtualMachine machine) => Log switch
    {
        HarvestLog.Ring => new RingDirtyLog(machine),
        HarvestLog.Bitmap => new BitmapDirtyLog(machine),
        HarvestLog.Summary => new SummaryDirtyLog(machine),
        _ => new AdaptiveDirtyLog(machine),
    };
}
