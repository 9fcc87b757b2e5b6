using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;
using RingKit.Sweeps;
using RingKit.Sweeps.Matching;

namespace RingKit.Bench.Sweeps;

/// <summary>The sweep with vectors of each width, with and without asking for memory ahead: why it is as it is.</summary>
/// <remarks>
/// On a processor with AVX-512 the JIT compiles the narrower paths with its instructions too; <c>DOTNET_EnableAVX512=0</c> measures what an older one
/// would do.
/// </remarks>
public class SweepWidthBenchmarks
{
    private const int HalvesOf256 = 25632;
    private const int HalvesOf512 = 51232;

    private SweepTable _table = null!;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [512] : [512, 8192, 262144];

    public static IEnumerable<int> Widths =>
        Avx512F.IsSupported ? [0, 128, 256, HalvesOf256, 512, HalvesOf512] : Avx2.IsSupported ? [0, 128, 256, HalvesOf256] : [0, 128];

    [ParamsSource(nameof(Sizes))]
    public int KiB { get; set; }

    /// <summary>Bits of a vector; 0 looks at pair by pair, 25632 and 51232 at 32 bits of each word with vectors of 256 and 512.</summary>
    [ParamsSource(nameof(Widths))]
    public int Bits { get; set; }

    [GlobalSetup]
    public void Setup() => _table = new SweepTable(KiB, density: 0.001);

    [GlobalCleanup]
    public void Cleanup() => _table.Dispose();

    [Benchmark(Baseline = true)]
    public ulong Read()
    {
        Span<ulong> words = MemoryMarshal.Cast<WordPair, ulong>(_table.View.AsSpan());
        return ReadKernel.OrAll(in words[0], (nuint)words.Length);
    }

    [Benchmark]
    public PairCounts Plain() => Count(SweepTable.Running, prefetch: false);

    [Benchmark]
    public PairCounts Prefetched() => Count(SweepTable.Running, prefetch: true);

    [Benchmark]
    public PairCounts OneClass() => Count(SweepTable.Stopped, prefetch: false);

    [Benchmark]
    public PairCounts OneClassPrefetched() => Count(SweepTable.Stopped, prefetch: true);

    private PairCounts Count(PairFilter filter, bool prefetch) => Bits switch
    {
        512 => Count<Vector512Matcher>(filter, prefetch),
        HalvesOf512 => Count<Vector512HalfMatcher<HighHalf>>(filter, prefetch),
        HalvesOf256 => Count<Vector256HalfMatcher<HighHalf>>(filter, prefetch),
        256 => Count<Vector256Matcher>(filter, prefetch),
        128 => Count<Vector128Matcher>(filter, prefetch),
        _ => Count<ScalarMatcher>(filter, prefetch),
    };

    private PairCounts Count<TMatcher>(PairFilter filter, bool prefetch)
        where TMatcher : struct, IPairMatcher<TMatcher> =>
        PairScan<TMatcher>.Count(in _table.View[0], _table.View.Length, filter, prefetch);
}
