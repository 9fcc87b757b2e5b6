using BenchmarkDotNet.Attributes;
using RingKit.Bench.Reporting;

namespace RingKit.Bench.Stage2;

/// <summary>Walks of a stage-2 table of 3 levels (40 bits of IPA) and of 4 (48 bits), to pages; an operation is one walk.</summary>
/// <remarks><see cref="Scattered"/> goes round 4096 pages of 1 GiB in no order, whose entries share no cache line: warm in L2, not in L1.</remarks>
[AllocatesNothing]
public class Stage2WalkBenchmarks
{
    private const int Walks = 4096;
    private const ulong Size = 1UL << 30;

    private readonly ulong[] _scattered = new ulong[Walks];
    private MappedSlot _slot = null!;

    [Params(40, 48)]
    public int IpaBits { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _slot = new MappedSlot(IpaBits, Size);
        _slot.MapBlocks();
        _slot.Split();
        for (int i = 0; i < Walks; i++)
            _scattered[i] = MappedSlot.Base + ((ulong)i * (Size / Walks));
        new Random(1).Shuffle(_scattered);
    }

    [GlobalCleanup]
    public void Cleanup() => _slot.Dispose();

    [Benchmark(OperationsPerInvoke = Walks, Baseline = true)]
    public ulong InTurn()
    {
        ulong sum = 0;
        for (ulong i = 0; i < Walks; i++)
            sum += _slot.Table.Walk(MappedSlot.Base + (i * MappedSlot.PageSize)).Descriptor.Raw;
        return sum;
    }

    // Each walk waits for the one before.
    [Benchmark(OperationsPerInvoke = Walks)]
    public ulong OneAfterTheOther()
    {
        ulong raw = 0;
        for (ulong i = 0; i < Walks; i++)
            raw = _slot.Table.Walk(MappedSlot.Base + (i * MappedSlot.PageSize) + (raw & 1)).Descriptor.Raw;
        return raw;
    }

    [Benchmark(OperationsPerInvoke = Walks)]
    public ulong Scattered()
    {
        ulong sum = 0;
        foreach (ulong ipa in _scattered)
            sum += _slot.Table.Walk(ipa).Descriptor.Raw;
        return sum;
    }
}
