using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using RingKit.Bench.Rivals;

namespace RingKit.Bench.Sweeps;

/// <summary>Leaves out the loops in C++ where they cannot be had, and says so in one line.</summary>
internal sealed class SweepBenchmarksConfig : ManualConfig
{
    private static readonly Lazy<bool> HasNative = new(() =>
    {
        using NativeSweep? native = NativeSweep.TryLoad(out string missing);
        if (native is null)
            Console.WriteLine($"// {missing}: the sweeps in C++ are left out.");
        return native is not null;
    });

    public SweepBenchmarksConfig() => AddFilter(new SimpleFilter(benchmark => benchmark.Descriptor.WorkloadMethod.Name switch
    {
        nameof(SweepBenchmarks.NativeNaive) or nameof(SweepBenchmarks.NativeWhole) or nameof(SweepBenchmarks.NativeHalves) => HasNative.Value,
        _ => true,
    }));
}
