using BenchmarkDotNet.Attributes;
using RingKit.Bench.Reporting;
using RingKit.Mmu.Stage2;

namespace RingKit.Bench.Stage2;

/// <summary>Write-protecting and aging a slot of 64 GiB in one call, in pages or in blocks of 2 MiB: all leaves are changed, or none needs to be.</summary>
/// <remarks>
/// An operation is one leaf. What is changed is changed back before each iteration, which is one call. 128 MiB of tables hold the pages, 256 KiB the blocks.
/// </remarks>
[AllocatesNothing]
public class Stage2ProtectBenchmarks
{
    private const ulong Size = 64UL << 30;
    private const int PageCount = (int)(Size / MappedSlot.PageSize);
    private const int BlockCount = (int)(Size / MappedSlot.BlockSize);

    private MappedSlot _pages = null!;
    private MappedSlot _blocks = null!;

    [GlobalSetup]
    public void Setup()
    {
        _pages = new MappedSlot(Stage2Geometry.DefaultIpaBits, Size);
        _pages.MapBlocks();
        _pages.Split();
        _blocks = new MappedSlot(Stage2Geometry.DefaultIpaBits, Size);
        _blocks.MapBlocks();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _pages.Dispose();
        _blocks.Dispose();
    }

    [IterationSetup(Targets = [nameof(ProtectPages), nameof(AgePages)])]
    public void RestorePages() => _pages.Set(Stage2Geometry.LastLevel, Stage2Attributes.WriteBit | Stage2Attributes.AccessBit);

    [IterationSetup(Target = nameof(ProtectBlocks))]
    public void RestoreBlocks() => _blocks.Set(Stage2Geometry.LastLevel - 1, Stage2Attributes.WriteBit);

    [IterationSetup(Targets = [nameof(ProtectCleanPages), nameof(ProtectCleanBlocks)])]
    public void ProtectAll()
    {
        _pages.Protect();
        _blocks.Protect();
    }

    [Benchmark(OperationsPerInvoke = PageCount)]
    public ulong ProtectPages() => _pages.Protect();

    [Benchmark(OperationsPerInvoke = PageCount)]
    public ulong ProtectCleanPages() => _pages.Protect();

    [Benchmark(OperationsPerInvoke = PageCount)]
    public ulong AgePages() => _pages.Age();

    [Benchmark(OperationsPerInvoke = BlockCount)]
    public ulong ProtectBlocks() => _blocks.Protect();

    [Benchmark(OperationsPerInvoke = BlockCount)]
    public ulong ProtectCleanBlocks() => _blocks.Protect();
}
