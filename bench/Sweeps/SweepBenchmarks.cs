using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;
using RingKit.Sweeps;

namespace RingKit.Bench.Sweeps;

/// <summary>
/// Sweeps of a hashed page table, in the second-level cache and beyond all caches, against a loop that only reads the same memory and against loops
/// that look at each pair; and against the same instructions in C++, which say what the limit is.
/// </summary>
[Config(typeof(SweepBenchmarksConfig))]
public class SweepBenchmarks
{
    private readonly ulong[] _indices = new ulong[4096];
    private SweepTable _table = null!;
    private NativeSweep? _native;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [512] : [512, 8192, 32768, 262144];

    public static IEnumerable<double> Densities => Grid.IsQuick ? [0, 3] : [0, 0.1, 3, 50];

    [ParamsSource(nameof(Sizes))]
    public int KiB { get; set; }

    [ParamsSource(nameof(Densities))]
    public double ChangedPercent { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _table = new SweepTable(KiB, ChangedPercent / 100);
        PairCounts counts = NaiveCount();
        ulong both = counts.Candidates + counts.LookAgain;
        if (Count() != counts || CountParallel() != counts || CountStopped().Candidates != counts.Candidates
            || Sweep() != both || (ulong)Find() != both || (ulong)NaiveFind() != both)
        {
            throw new InvalidOperationException($"Not every sweep finds {counts}.");
        }
    }

    [GlobalSetup(Targets = [nameof(NativeNaive), nameof(NativeWhole), nameof(NativeHalves)])]
    public void SetupNative()
    {
        Setup();
        _native = NativeSweep.TryLoad(out string missing) ?? throw new InvalidOperationException(missing);
        if (NativeNaive() != Count() || NativeWhole() != Count() || NativeHalves() != Count())
            throw new InvalidOperationException("The sweeps in C++ find something else.");
    }

    [GlobalCleanup(Targets = [nameof(NativeNaive), nameof(NativeWhole), nameof(NativeHalves)])]
    public void CleanupNative()
    {
        _native!.Dispose();
        Cleanup();
    }

    [GlobalCleanup]
    public void Cleanup() => _table.Dispose();

    [Benchmark(Baseline = true)]
    public ulong Read()
    {
        Span<ulong> words = MemoryMarshal.Cast<WordPair, ulong>(_table.View.AsSpan());
        return ReadKernel.OrAll(in words[0], (nuint)words.Length);
    }

    [Benchmark]
    public PairCounts NaiveCount() => NaiveSweep.Count(_table.View.AsSpan(), SweepTable.Running);

    [Benchmark]
    public PairCounts Count() => PairSweep.Count(_table.View, SweepTable.Running);

    [Benchmark]
    public PairCounts CountStopped() => PairSweep.Count(_table.View, SweepTable.Stopped);

    [Benchmark]
    public PairCounts CountParallel() => PairSweep.CountParallel(_table.View, SweepTable.Running);

    [Benchmark]
    public ulong Sweep()
    {
        var sink = default(CountingSink);
        PairSweep.Sweep(_table.View, SweepTable.Running, ref sink);
        return sink.Pairs;
    }

    [Benchmark]
    public long NaiveFind() => NaiveSweep.Find(_table.View.AsSpan(), SweepTable.Running, _indices);

    [Benchmark]
    public long Find()
    {
        long found = 0;
        for (ulong cursor = 0; cursor < _table.View.Length;)
            found += PairSweep.Find(_table.View, SweepTable.Running, _indices, ref cursor);
        return found;
    }

    [Benchmark]
    public PairCounts NativeNaive() => _native!.Naive(_table.View, SweepTable.Running);

    [Benchmark]
    public PairCounts NativeWhole() => _native!.Whole(_table.View, SweepTable.Running);

    [Benchmark]
    public PairCounts NativeHalves() => _native!.Halves(_table.View, SweepTable.Running);

    private struct CountingSink : IPairSink
    {
        public ulong Pairs { get; private set; }

        void IPairSink.Accept(ulong firstPair, ulong candidates, ulong lookAgain) => Pairs += ulong.PopCount(candidates) + ulong.PopCount(lookAgain);
    }
}
