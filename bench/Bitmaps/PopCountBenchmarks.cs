using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;
using RingKit.Bitmaps.Operations;
using RingKit.Bitmaps.Operations.Kernels;
using RingKit.Memory;

namespace RingKit.Bench.Bitmaps;

/// <summary>Counting the bits of 64 B to 256 MiB, against <c>TensorPrimitives</c>, a plain loop, and a loop that only reads.</summary>
/// <remarks>
/// <c>TensorPrimitives.PopCount</c> answers a count for each word into a destination as large as the bitmap; a sum of these is a second call. The row
/// without the sum is the baseline.
/// </remarks>
public class PopCountBenchmarks
{
    private NativeBlock<ulong> _words = null!;
    private NativeBlock<ulong> _counts = null!;

    public static IEnumerable<int> Sizes =>
        Grid.IsQuick ? [512, 4096, 1 << 20] : [64, 128, 256, 512, 1024, 2048, 4096, 32 << 10, 256 << 10, 2 << 20, 4 << 20, 8 << 20, 32 << 20, 256 << 20];

    [ParamsSource(nameof(Sizes))]
    public int Bytes { get; set; }

    private ReadOnlySpan<ulong> Words => _words.View.AsSpan();

    [GlobalSetup]
    public void Setup()
    {
        _words = new NativeBlock<ulong>((nuint)Bytes / sizeof(ulong), (nuint)Environment.SystemPageSize);
        _counts = new NativeBlock<ulong>(_words.Length, (nuint)Environment.SystemPageSize);
        new Random(20170723).NextBytes(MemoryMarshal.AsBytes(_words.View.AsSpan()));
        Written.Clear(_counts.View.AsSpan());
        ulong[] counts = [Naive(), TensorSum(), Scalar(), Count(), Parallel()];
        if (counts.Any(count => count != counts[0]))
            throw new InvalidOperationException($"The counts differ: {string.Join(", ", counts)}.");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _words.Dispose();
        _counts.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Tensor() => TensorPrimitives.PopCount(Words, _counts.View.AsSpan());

    [Benchmark]
    public ulong TensorSum()
    {
        TensorPrimitives.PopCount(Words, _counts.View.AsSpan());
        return TensorPrimitives.Sum<ulong>(_counts.View.AsSpan());
    }

    [Benchmark]
    public ulong Naive()
    {
        ulong count = 0;
        foreach (ulong word in Words)
            count += (uint)BitOperations.PopCount(word);
        return count;
    }

    [Benchmark]
    public ulong Scalar() => PopCountKernel.Scalar(in _words.View[0], _words.Length);

    [Benchmark]
    public ulong Count() => BitmapCount.Count(Words);

    [Benchmark]
    public ulong Parallel() => ParallelBitmap.Count(Words, (ulong)Words.Length * 64);

    [Benchmark]
    public ulong ReadOnly() => ReadKernel.OrAll(in _words.View[0], _words.Length);
}
