using BenchmarkDotNet.Attributes;
using RingKit.Bench.Guest;
using RingKit.Bench.Inputs;

namespace RingKit.Bench.DirtyLogs;

/// <summary>The two halves of <see cref="VcpuStoreBenchmarks.FaultAndHarvest"/> apart, for one page each.</summary>
/// <remarks>
/// Each can be done once only until the other is, so the other is the iteration's setup, and an iteration is one invocation, over pages
/// enough for the clock. Expect more spread here than elsewhere.
/// </remarks>
public class DirtyLogBenchmarks
{
    private const int PageCount = 32768;

    private LoggedMachine _machine = null!;

    [Params(LogKind.Bitmap, LogKind.Ring)]
    public LogKind Log { get; set; }

    [GlobalSetup]
    public void Setup() => _machine = new LoggedMachine(Log, PageCount);

    [GlobalCleanup]
    public void Cleanup() => _machine.Dispose();

    [IterationSetup(Target = nameof(WriteFault))]
    public void ProtectAll() => _machine.Harvest();

    [Benchmark(OperationsPerInvoke = PageCount)]
    public void WriteFault() => _machine.Store(PageCount, PageCount);

    [IterationSetup(Target = nameof(Harvest))]
    public void DirtyAll() => _machine.Store(PageCount, PageCount);

    [Benchmark(OperationsPerInvoke = PageCount)]
    public long Harvest() => _machine.Harvest();
}
