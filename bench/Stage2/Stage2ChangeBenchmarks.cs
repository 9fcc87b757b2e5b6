using BenchmarkDotNet.Attributes;
using RingKit.Bench.Reporting;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;

namespace RingKit.Bench.Stage2;

/// <summary>
/// Changes of a stage-2 table over 1 GiB, without what invalidations cost: pages are mapped, relaxed and unmapped, blocks split and collapsed.
/// </summary>
/// <remarks>An operation is one page, or one block. Each iteration is one pass over all, whose opposite is done before it.</remarks>
[AllocatesNothing]
public class Stage2ChangeBenchmarks
{
    private const ulong Size = 1UL << 30;
    private const int PageCount = (int)(Size / MappedSlot.PageSize);
    private const int BlockCount = (int)(Size / MappedSlot.BlockSize);
    private const int Turns = 4096;

    private readonly MmuLock<HardwareOrdering> _lock = new();
    private TableThread _thread;
    private MappedSlot _slot = null!;

    [GlobalSetup]
    public void Setup()
    {
        _slot = new MappedSlot(Stage2Geometry.DefaultIpaBits, Size);
        MapAll();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _slot.Dispose();
        _lock.Dispose();
    }

    [IterationSetup(Target = nameof(MapPages))]
    public void UnmapAll()
    {
        _slot.Unmap();
        _slot.TopUp();
    }

    [IterationSetup(Targets = [nameof(UnmapPages), nameof(CollapseBlocks)])]
    public void MapAll()
    {
        MapAllBlocks();
        _slot.Split();
    }

    [IterationSetup(Targets = [nameof(SplitBlocks), nameof(UnmapBlocks)])]
    public void MapAllBlocks()
    {
        UnmapAll();
        _slot.MapBlocks();
        _slot.TopUp();
    }

    [IterationSetup(Target = nameof(RelaxPages))]
    public void ProtectAll()
    {
        MapAll();
        _slot.Protect();
    }

    [Benchmark(OperationsPerInvoke = PageCount)]
    public void MapPages() => _slot.MapPages();

    [Benchmark(OperationsPerInvoke = PageCount)]
    public void RelaxPages() => _slot.Relax();

    [Benchmark(OperationsPerInvoke = PageCount)]
    public void UnmapPages() => _slot.Unmap();

    [Benchmark(OperationsPerInvoke = BlockCount)]
    public void UnmapBlocks() => _slot.Unmap();

    [Benchmark(OperationsPerInvoke = BlockCount)]
    public void SplitBlocks() => _slot.Split();

    [Benchmark(OperationsPerInvoke = BlockCount)]
    public void CollapseBlocks() => _slot.Collapse();

    [Benchmark(OperationsPerInvoke = Turns)]
    public void ShareTheLock()
    {
        for (int i = 0; i < Turns; i++)
        {
            _lock.EnterShared(ref _thread);
            _lock.ExitShared();
        }
    }

    [Benchmark(OperationsPerInvoke = Turns)]
    public void TakeTheLockAlone()
    {
        for (int i = 0; i < Turns; i++)
        {
            _lock.Enter(ref _thread);
            _lock.Exit();
        }
    }
}
