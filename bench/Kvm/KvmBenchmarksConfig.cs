using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using RingKit.Cli.RealGuests;
using RingKit.Kvm.DirtyLogging;

namespace RingKit.Bench.Kvm;

/// <summary>Leaves out what needs a real KVM where there is none, and the program in C where it cannot be had; either is said in one line.</summary>
internal sealed class KvmBenchmarksConfig : ManualConfig
{
    private static readonly Lazy<bool> HasKvm = new(() => Say(Enum.GetValues<KvmLogForm>().Select(form => KvmGuest.WhyNot(form, KvmPath.Current)).FirstOrDefault(missing => missing is not null)));

    private static readonly Lazy<bool> HasC = new(() =>
    {
        using HarvestInC? native = HarvestInC.TryLoad(out string missing);
        if (native is null)
            Console.WriteLine($"// {missing}: the harvest in C is left out.");
        return native is not null;
    });

    public KvmBenchmarksConfig() =>
        AddFilter(new SimpleFilter(benchmark => HasKvm.Value && (benchmark.Descriptor.WorkloadMethod.Name != nameof(KvmRingBenchmarks.InC) || HasC.Value)));

    private static bool Say(string? missing)
    {
        if (missing is not null)
            Console.WriteLine($"// The benchmarks of a real KVM are left out: {missing}.");
        return missing is null;
    }
}
