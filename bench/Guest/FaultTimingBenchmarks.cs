using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.Guest;

/// <summary>What it costs to measure what faults cost: the stores of <see cref="VcpuStoreBenchmarks"/> over a bitmap, by how faults are timed.</summary>
public class FaultTimingBenchmarks
{
    private const int PageCount = 4096;

    private LoggedMachine _machine = null!;

    [ParamsAllValues]
    public FaultTiming Timing { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _machine = new LoggedMachine(LogKind.Bitmap, PageCount) { FaultTiming = Timing };
        _machine.Store(PageCount, PageCount);
    }

    [GlobalCleanup]
    public void Cleanup() => _machine.Dispose();

    [Benchmark(OperationsPerInvoke = PageCount, Baseline = true)]
    public void TlbHit() => _machine.Store(pages: 64, PageCount);

    [Benchmark(OperationsPerInvoke = PageCount)]
    public void TlbMiss() => _machine.Store(pages: 1024, PageCount);

    [Benchmark(OperationsPerInvoke = PageCount)]
    public long FaultAndHarvest()
    {
        _machine.Store(PageCount, PageCount);
        return _machine.Harvest();
    }
}
