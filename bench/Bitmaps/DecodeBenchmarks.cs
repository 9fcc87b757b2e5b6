using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.Bench.Rivals;
using RingKit.Bitmaps.Decoding;

namespace RingKit.Bench.Bitmaps;

/// <summary>
/// Decoding into indices, by density, shape and size: all ways that there are, what <see cref="BitmapDecoder"/> makes of them, and the rivals.
/// </summary>
/// <remarks>
/// An operation decodes all windows of <see cref="WordWindows"/>: 2 MiB in windows of 32 or 256 KiB, each copied into the cache first, which
/// <see cref="Windows"/> measures alone and the columns "Net" and "ns/bit" subtract; or 32 MiB, read where they lie. All decode into the
/// same array, which is large enough for one window.
/// </remarks>
[PerSetBit(nameof(BitmapKiB), WordWindows.LeastKiB)]
[Config(typeof(DecodeBenchmarksConfig))]
public class DecodeBenchmarks
{
    private WordWindows _windows = null!;
    private uint[] _indices = [];
    private ulong[] _wideIndices = [];
    private Roaring? _roaring;
    private nint[] _roaringBitmaps = [];

    private delegate long Decoder(DecodeBenchmarks suite, ReadOnlySpan<ulong> words);

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [32] : [32, 256, 32768];

    public static IEnumerable<double> Densities => Grid.IsQuick ? [0.1, 10, 50] : [0, 0.01, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 15, 20, 25, 50, 90, 100];

    [ParamsSource(nameof(Sizes))]
    public int BitmapKiB { get; set; }

    [ParamsSource(nameof(Densities))]
    public double DirtyPercent { get; set; }

    [Params(DirtyShape.Random, DirtyShape.Runs)]
    public DirtyShape Shape { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _windows = new WordWindows(BitmapKiB, DirtyPercent / 100, Shape);
        _indices = new uint[(_windows.WindowLength * 64) + 64];
        _wideIndices = new ulong[_indices.Length];
        foreach (Func<long> way in (Func<long>[])[EveryWord, Loop, Unrolled, Chosen, Chosen64])
        {
            long decoded = way();
            if (decoded != _windows.SetBits)
                throw new InvalidOperationException($"{_windows.SetBits} bits are set, {way.Method.Name} decoded {decoded}.");
        }
    }

    [GlobalSetup(Targets = [nameof(CRoaring), nameof(CRoaringBitset)])]
    public void SetupRoaring()
    {
        Setup();
        _roaring = Roaring.TryLoad(out string missing) ?? throw new InvalidOperationException(missing);
        _roaringBitmaps = [.. Enumerable.Range(0, _windows.Count).Select(window => _roaring.Make(_windows[window]))];
        if (CRoaring() != _windows.SetBits || CRoaringBitset() != _windows.SetBits)
            throw new InvalidOperationException("CRoaring was given other bits.");
    }

    [GlobalCleanup(Targets = [nameof(CRoaring), nameof(CRoaringBitset)])]
    public void CleanupRoaring()
    {
        Array.ForEach(_roaringBitmaps, _roaring!.Free);
        _roaring.Dispose();
    }

    [Benchmark]
    public long Windows() => DecodeAll(static (_, words) => words.Length);

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long EveryBit() => DecodeAll(static (suite, words) => NaiveDecode.EveryBit(words, suite._indices));

    [Benchmark(Baseline = true)]
    [NetOf(nameof(Windows))]
    public long EveryWord() => DecodeAll(static (suite, words) => NaiveDecode.EveryWord(words, suite._indices));

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long Loop() => By<LoopDecoder>();

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long Unrolled() => By<UnrolledDecoder>();

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long Table() => By<TableDecoder>();

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long WideCompress() => By<WideCompressDecoder>();

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long SparseCompress() => By<SparseCompressDecoder>();

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long Compress() => By<CompressDecoder>();

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long UnrolledOrTable() => DecodeAll(static (suite, words) =>
    {
        ulong cursor = 0;
        return BitmapDecoder.Decode<UnrolledDecoder, TableDecoder, uint>(words, 0, suite._indices, ref cursor, BitmapDecoder.TableFrom);
    });

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long UnrolledOrWide() => DecodeAll(static (suite, words) =>
    {
        ulong cursor = 0;
        return BitmapDecoder.Decode<UnrolledDecoder, WideCompressDecoder, uint>(words, 0, suite._indices, ref cursor, BitmapDecoder.WideCompressFrom);
    });

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long Chosen() => DecodeAll(static (suite, words) =>
    {
        ulong cursor = 0;
        return BitmapDecoder.Decode(words, 0u, suite._indices, ref cursor);
    });

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long Chosen64() => DecodeAll(static (suite, words) =>
    {
        ulong cursor = 0;
        return BitmapDecoder.Decode(words, 0ul, suite._wideIndices, ref cursor);
    });

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long CRoaring()
    {
        long count = 0;
        for (int window = 0; window < _windows.Count; window++)
        {
            _ = _windows[window];
            count += (long)_roaring!.Decode(_roaringBitmaps[window], _indices);
        }

        return count;
    }

    [Benchmark]
    [NetOf(nameof(Windows))]
    public long CRoaringBitset() => DecodeAll(static (suite, words) => (long)suite._roaring!.Decode(words, suite._indices));

    private long By<TWord>()
        where TWord : struct, IWordDecoder => DecodeAll(static (suite, words) =>
        {
            ulong cursor = 0;
            return BitmapDecoder.Decode<TWord, TWord, uint>(words, 0, suite._indices, ref cursor);
        });

    private long DecodeAll(Decoder decoder)
    {
        long count = 0;
        for (int window = 0; window < _windows.Count; window++)
            count += decoder(this, _windows[window]);
        return count;
    }
}
