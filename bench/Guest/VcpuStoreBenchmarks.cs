using BenchmarkDotNet.Attributes;
using RingKit.Bench.DirtyLogs;
using RingKit.Bench.Inputs;

namespace RingKit.Bench.Guest;

/// <summary>One store of a guest, by how far it has to go: to the TLB, to the page table, or, the first one to a page, to the dirty log.</summary>
/// <remarks>
/// The guest's step is one store of 8 bytes, as in a replay; the look at the vCPU's requests between steps is part of the figure.
/// <see cref="FaultAndHarvest"/> writes each page once, so all its stores fault and are recorded, then harvests and protects all again;
/// its figure is for one page, and the same without a harvest is in <see cref="DirtyLogBenchmarks"/>.
/// </remarks>
public class VcpuStoreBenchmarks
{
    private const int PageCount = 4096;
    private const int Stores = 4096;

    // Within the TLB's 256 entries, and so far beyond them that each store evicts the entry that a later one needs.
    private const int PagesThatHit = 64;
    private const int PagesThatMiss = 1024;

    private LoggedMachine _machine = null!;

    [ParamsAllValues]
    public LogKind Log { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _machine = new LoggedMachine(Log, PageCount);
        _machine.Store(PageCount, PageCount);
    }

    [GlobalCleanup]
    public void Cleanup() => _machine.Dispose();

    [Benchmark(OperationsPerInvoke = Stores, Baseline = true)]
    public void TlbHit() => _machine.Store(PagesThatHit, Stores);

    [Benchmark(OperationsPerInvoke = Stores)]
    public void TlbMiss() => _machine.Store(PagesThatMiss, Stores);

    [Benchmark(OperationsPerInvoke = PageCount)]
    public long FaultAndHarvest()
    {
        _machine.Store(PageCount, PageCount);
        return _machine.Harvest();
    }
}
