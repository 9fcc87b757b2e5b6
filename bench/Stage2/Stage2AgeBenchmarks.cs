using BenchmarkDotNet.Attributes;
using RingKit.Bench.Reporting;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Bench.Stage2;

/// <summary>A fault for an access flag, which the host takes to see who uses a page; the handler of 2014 has none.</summary>
/// <remarks><see cref="Age"/> precedes each round of faults, and takes less when the flags are gone already: so its share is in <see cref="AgeAndLoad"/>.</remarks>
[AllocatesNothing]
public class Stage2AgeBenchmarks
{
    private FaultGuest _guest = null!;

    [GlobalSetup]
    public void Setup() => _guest = new FaultGuest(Stage2Generation.Current);

    [GlobalCleanup]
    public void Cleanup() => _guest.Dispose();

    /// <summary>Taking flags that are gone.</summary>
    [Benchmark(OperationsPerInvoke = FaultGuest.Pages)]
    public void Age() => _guest.Age();

    /// <summary>Taking a page's flag, and the load that sets it again.</summary>
    [Benchmark(OperationsPerInvoke = FaultGuest.Pages, Baseline = true)]
    public void AgeAndLoad()
    {
        _guest.Age();
        _guest.FaultPages(Stage2FaultClass.AccessFlag, Stage2Access.Load);
    }
}
