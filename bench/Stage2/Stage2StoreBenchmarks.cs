using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Bench.Stage2;

/// <summary>One store of a guest with a stage-2 table, by how far it has to go: to the TLB, to the table, or to a fault that records.</summary>
/// <remarks>
/// The guest's step is one store of 8 bytes; the look at the vCPU's requests between steps is part of the figure. Misses run round and round over four times as many
/// pages as the TLB has entries; their walks are warm in the processor's caches. <see cref="FaultAndHarvest"/> writes each page of 4 KiB once, so all its stores fault
/// for the permission, get it and are recorded; then it harvests and protects all again. <see cref="InvalidateAndFault"/> has the host take all pages away, and the
/// guest fault them in again: a page, or a block, each time.
/// </remarks>
[AllocatesNothing]
public class Stage2StoreBenchmarks
{
    private const int PageCount = 4096;
    private const int PagesThatHit = 64;
    private const int PagesThatMiss = 1024;
    private LoggedMachine _machine = null!;

    /// <summary>Whether the host has huge pages, which map all that is not logged.</summary>
    [ParamsAllValues]
    public bool HugePages { get; set; }

    [GlobalSetup]
    public void Setup() => Make(LogKind.None);

    [GlobalSetup(Target = nameof(FaultAndHarvest))]
    public void SetupLogging() => Make(LogKind.Bitmap);

    [GlobalCleanup]
    public void Cleanup() => _machine.Dispose();

    [Benchmark(OperationsPerInvoke = PageCount, Baseline = true)]
    public void TlbHit() => _machine.Store(PagesThatHit, PageCount);

    [Benchmark(OperationsPerInvoke = PageCount)]
    public void TlbMiss() => _machine.Store(PagesThatMiss, PageCount);

    [Benchmark(OperationsPerInvoke = PageCount)]
    public long FaultAndHarvest()
    {
        _machine.Store(PageCount, PageCount);
        return _machine.Harvest();
    }

    [Benchmark(OperationsPerInvoke = PageCount)]
    public void InvalidateAndFault()
    {
        _machine.Invalidate();
        _machine.Store(PageCount, PageCount);
    }

    private void Make(LogKind log)
    {
        _machine = new LoggedMachine(log, PageCount, new Stage2Options { HasHugePages = HugePages });
        _machine.Store(PageCount, PageCount);
    }
}
