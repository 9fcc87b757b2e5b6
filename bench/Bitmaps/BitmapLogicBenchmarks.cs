using System.Collections;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bitmaps.Operations;
using RingKit.Memory;

namespace RingKit.Bench.Bitmaps;

/// <summary>Combining two bitmaps in place and into a third, and copies of bits, against <c>BitArray</c>, <c>TensorPrimitives</c> and memmove.</summary>
public class BitmapLogicBenchmarks
{
    private NativeBlock<ulong> _left = null!;
    private NativeBlock<ulong> _right = null!;
    private NativeBlock<ulong> _destination = null!;
    private NativeBlock<ulong> _same = null!;
    private BitArray _leftArray = null!;
    private BitArray _rightArray = null!;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [4, 2048] : [4, 32, 2048, 4096, 8192, 32768, 131072];

    [ParamsSource(nameof(Sizes))]
    public int KiB { get; set; }

    private Span<ulong> Left => _left.View.AsSpan();

    private Span<ulong> Right => _right.View.AsSpan();

    private Span<ulong> Destination => _destination.View.AsSpan();

    private ulong Bits => (ulong)KiB * 8192;

    [GlobalSetup]
    public void Setup()
    {
        _left = Block();
        _right = Block();
        _destination = Block();
        _same = Block();
        var random = new Random(20191126);
        random.NextBytes(MemoryMarshal.AsBytes(Left));
        random.NextBytes(MemoryMarshal.AsBytes(Right));
        Right.CopyTo(_same.View.AsSpan());
        _leftArray = new BitArray(MemoryMarshal.AsBytes(Left).ToArray());
        _rightArray = new BitArray(MemoryMarshal.AsBytes(Right).ToArray());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _left.Dispose();
        _right.Dispose();
        _destination.Dispose();
        _same.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void BitArrayInPlace() => _leftArray.And(_rightArray);

    [Benchmark]
    public void InPlace() => BitmapLogic.And(Left, Right, Bits);

    [Benchmark]
    public void InPlaceParallel() => ParallelBitmap.And(Left, Right, Bits);

    [Benchmark]
    public void TensorInto() => TensorPrimitives.BitwiseAnd(Left, Right, Destination);

    [Benchmark]
    public void Into() => BitmapLogic.And(Left, Right, Destination, Bits);

    [Benchmark]
    public void IntoParallel() => ParallelBitmap.And(Left, Right, Destination, Bits);

    [Benchmark]
    public bool Equal() => BitmapCount.Equals(Right, _same.View.AsSpan(), Bits);

    [Benchmark]
    public void Memmove() => Left.CopyTo(Destination);

    [Benchmark]
    public void CopyShifted() => BitmapCopy.Copy(Left, 13, Destination, 0, Bits - 13);

    [Benchmark]
    public void MoveDown() => BitmapCopy.Copy(Left, 13, Left, 0, Bits - 13);

    [Benchmark]
    public void MoveUp() => BitmapCopy.Copy(Left, 0, Left, 13, Bits - 13);

    private NativeBlock<ulong> Block()
    {
        var block = new NativeBlock<ulong>((nuint)KiB * 1024 / sizeof(ulong), (nuint)Environment.SystemPageSize);
        Written.Clear(block.View.AsSpan());
        return block;
    }
}
