using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using RingKit.Kvm.Host;

namespace RingKit.Bench.DirtyLogs;

/// <summary>Leaves out what the host's kernel has to do where it does not, and says so in one line.</summary>
internal sealed class HostLogBenchmarksConfig : ManualConfig
{
    private static readonly Lazy<bool> IsOffered = new(() =>
    {
        var support = HostTrackingSupport.Read();
        if (!support.IsOffered)
            Console.WriteLine($"// {support.WhyNot} The benchmarks of host memory are left out.");
        return support.IsOffered;
    });

    public HostLogBenchmarksConfig() => AddFilter(new SimpleFilter(_ => IsOffered.Value));
}
