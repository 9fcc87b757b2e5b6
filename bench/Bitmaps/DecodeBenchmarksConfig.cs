using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Running;
using RingKit.Bench.Rivals;
using RingKit.Bitmaps.Decoding;

namespace RingKit.Bench.Bitmaps;

/// <summary>Leaves out what this machine cannot run, and says so in one line each.</summary>
internal sealed class DecodeBenchmarksConfig : ManualConfig
{
    private static readonly Lazy<bool> HasRoaring = new(() =>
    {
        using Roaring? roaring = Roaring.TryLoad(out string missing);
        return Said(roaring is not null, $"{missing}: CRoaring is left out");
    });

    private static readonly Lazy<bool> HasTable = new(
        () => Said(TableDecoder.IsSupported, "this processor has no AVX2: the table is left out"));

    private static readonly Lazy<bool> HasWideCompress = new(
        () => Said(WideCompressDecoder.IsSupported, "this processor has no AVX-512: vpcompressd is left out"));

    private static readonly Lazy<bool> HasCompress = new(
        () => Said(CompressDecoder.IsSupported, "this processor has no AVX-512 VBMI2: vpcompressb is left out"));

    public DecodeBenchmarksConfig() => AddFilter(new SimpleFilter(CanRun));

    private static bool CanRun(BenchmarkCase benchmark) => benchmark.Descriptor.WorkloadMethod.Name switch
    {
        nameof(DecodeBenchmarks.CRoaring) or nameof(DecodeBenchmarks.CRoaringBitset) => HasRoaring.Value,
        nameof(DecodeBenchmarks.Table) or nameof(DecodeBenchmarks.UnrolledOrTable) => HasTable.Value,
        nameof(DecodeBenchmarks.WideCompress) or nameof(DecodeBenchmarks.UnrolledOrWide) => HasWideCompress.Value,
        nameof(DecodeBenchmarks.Compress) or nameof(DecodeBenchmarks.SparseCompress) => HasCompress.Value,
        _ => true,
    };

    private static bool Said(bool isThere, string otherwise)
    {
        if (!isThere)
            Console.WriteLine($"// {otherwise}.");
        return isThere;
    }
}
