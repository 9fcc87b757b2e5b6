using BenchmarkDotNet.Attributes;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;

namespace RingKit.Bench.Tdp;

/// <summary>Starting the log of a slot whose pages are all mapped.</summary>
public class TdpStartBenchmarks
{
    private TdpGuest _guest = null!;

    [Params(1, 16)]
    public int GiB { get; set; }

    [ParamsAllValues]
    public TdpLogMethod Method { get; set; }

    private ulong Pages => (ulong)GiB << 18;

    [GlobalSetup(Target = nameof(Start4K))]
    public void Setup4K() => Setup(MappingLevel.Size4K, eager: false);

    [GlobalSetup(Target = nameof(Start2M))]
    public void Setup2M() => Setup(MappingLevel.Size2M, eager: false);

    [GlobalSetup(Target = nameof(Start2MAndSplit))]
    public void SetupSplit() => Setup(MappingLevel.Size2M, eager: true);

    [GlobalCleanup]
    public void Cleanup() => _guest.Dispose();

    [IterationSetup]
    public void Stop()
    {
        _guest.Stop();
        _guest.Store(0, Pages);
    }

    [Benchmark(Baseline = true)]
    public void Start2M() => _guest.Start();

    [Benchmark]
    public void Start4K() => _guest.Start();

    [Benchmark]
    public void Start2MAndSplit() => _guest.Start();

    private void Setup(MappingLevel level, bool eager)
    {
        _guest = new TdpGuest(Pages, new TdpOptions { LogMethod = Method, HostLevel = level, SplitsEagerly = eager });
        _guest.Store(0, Pages);

        // A start is one call with long loops below: the runtime has to have seen a few, and a moment, to compile them for good.
        for (int i = 0; i < 4; i++)
        {
            _guest.Start();
            Stop();
            Thread.Sleep(100);
        }
    }
}
