using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.Bench.Rivals;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Operations;
using RingKit.Memory;

namespace RingKit.Bench.Bitmaps;

/// <summary>A harvest of a whole bitmap by density, shape and size, in three forms and in a loop, against a loop over every bit.</summary>
/// <remarks>
/// A harvest empties the bitmap, so every operation first puts the dirty words back: one plain store for each word that is not 0, which costs
/// nothing where nothing is dirty. <see cref="Restore"/> measures that alone, and the column "Net" subtracts it; GB/s and the
/// ratios that the README quotes come from the net figures. The dirty words are therefore in the cache as far as they fit when the harvest
/// comes to them; the clean ones are as the last harvest left them. <see cref="Exchanges"/> is the counter-measurement: the exchanges alone,
/// of words that are known to be dirty. A bitmap of 32 KiB stands for 1 GiB of guest memory, 32 MiB for 1 TiB.
/// </remarks>
[PerSetBit(nameof(KiB))]
public class BitmapHarvestBenchmarks
{
    private NativeBlock<ulong> _block = null!;
    private DirtyBitmap _bitmap = null!;
    private DirtyPattern _pattern = null!;
    private readonly ulong[] _indices = new ulong[4096];

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [32, 2048] : [32, 2048, 32768];

    public static IEnumerable<double> Densities => Grid.IsQuick ? [0, 0.1, 10] : [0, 0.001, 0.1, 1, 10, 50, 100];

    [ParamsSource(nameof(Sizes))]
    public int KiB { get; set; }

    [ParamsSource(nameof(Densities))]
    public double DirtyPercent { get; set; }

    [Params(DirtyShape.Random, DirtyShape.Runs)]
    public DirtyShape Shape { get; set; }

    private Span<ulong> Words => _block.View.AsSpan();

    [GlobalSetup]
    public void Setup()
    {
        int words = KiB * 1024 / sizeof(ulong);
        _pattern = new DirtyPattern(words, DirtyPercent / 100, Shape);
        _block = new NativeBlock<ulong>((nuint)words, (nuint)Environment.SystemPageSize);
        _bitmap = new DirtyBitmap(_block.View, (ulong)words * 64);
        Written.Clear(Words);

        long[] counts = [Naive(), Exchanges(), Masks(), Runs(), RunsInLoop(), Indices()];
        if (counts.Any(count => count != _pattern.DirtyPages))
            throw new InvalidOperationException($"{_pattern.DirtyPages} pages are dirty, harvested were {string.Join(", ", counts)}.");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _bitmap.Dispose();
        _block.Dispose();
    }

    [Benchmark]
    public void Restore() => _pattern.Restore(Words);

    [Benchmark(Baseline = true)]
    [NetOf(nameof(Restore))]
    public long Naive()
    {
        _pattern.Restore(Words);
        return NaiveHarvest.Indices(Words, _indices);
    }

    [Benchmark]
    [NetOf(nameof(Restore))]
    public long Exchanges()
    {
        _pattern.Restore(Words);
        return _pattern.Exchange(Words);
    }

    [Benchmark]
    [NetOf(nameof(Restore))]
    public long Masks()
    {
        _pattern.Restore(Words);
        var sink = default(CountingSink);
        _bitmap.HarvestMasks(ref sink);
        return sink.Pages;
    }

    [Benchmark]
    [NetOf(nameof(Restore))]
    public long Runs()
    {
        _pattern.Restore(Words);
        var sink = default(CountingSink);
        _bitmap.HarvestRuns(ref sink);
        return sink.Pages;
    }

    /// <summary>The same runs in a <c>foreach</c> loop, without a sink.</summary>
    [Benchmark]
    [NetOf(nameof(Restore))]
    public long RunsInLoop()
    {
        _pattern.Restore(Words);
        ulong pages = 0;
        foreach (BitRun run in _bitmap.TakeRuns())
            pages += run.Count;
        return (long)pages;
    }

    [Benchmark]
    [NetOf(nameof(Restore))]
    public long Indices()
    {
        _pattern.Restore(Words);
        long pages = 0;
        for (ulong cursor = 0; cursor < _bitmap.Pages;)
            pages += _bitmap.HarvestIndices(_indices, ref cursor);
        return pages;
    }
}
