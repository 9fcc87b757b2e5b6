using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;
using RingKit.Bitmaps;
using RingKit.Memory;

namespace RingKit.Bench.Bitmaps;

/// <summary>
/// A harvest that finds nothing, against a loop that only reads: how much of the machine's reading speed a harvest keeps. A ratio of 1.25
/// is 80 %.
/// </summary>
/// <remarks>Both read the same memory in the same run, larger than the caches of one core.</remarks>
public class EmptyScanBenchmarks
{
    private NativeBlock<ulong> _block = null!;
    private DirtyBitmap _bitmap = null!;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [32768] : [32, 2048, 32768, 262144];

    [ParamsSource(nameof(Sizes))]
    public int KiB { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        nuint words = (nuint)KiB * 1024 / sizeof(ulong);
        _block = new NativeBlock<ulong>(words, (nuint)Environment.SystemPageSize);
        _bitmap = new DirtyBitmap(_block.View, words * 64);
        Written.Clear(_block.View.AsSpan());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _bitmap.Dispose();
        _block.Dispose();
    }

    [Benchmark(Baseline = true)]
    public ulong Read() => ReadKernel.OrAll(in _block.View[0], _block.Length);

    [Benchmark]
    public nuint Scan() => NonZeroScan.Find(in _block.View[0], 0, _block.Length);

    [Benchmark]
    public ulong Harvest()
    {
        var sink = default(OrSink);
        _bitmap.HarvestMasks(ref sink);
        return sink.All;
    }

    private struct OrSink : IDirtyMaskSink
    {
        public ulong All { get; private set; }

        public void Accept(ulong firstPage, ulong mask) => All |= mask;
    }
}
