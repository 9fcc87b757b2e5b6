using BenchmarkDotNet.Attributes;
using RingKit.Bench.Reporting;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Bench.Stage2;

/// <summary>A fault of a guest on a stage-2 table, by what becomes of it. Without what it costs the vCPU to leave the guest, and without processors to invalidate.</summary>
/// <remarks>
/// Each round puts the pages back to where they fault; <see cref="Protect"/> is that alone, and is subtracted. The host's pages are in.
/// </remarks>
[AllocatesNothing]
public class Stage2FaultBenchmarks
{
    private const int Pages = FaultGuest.Pages, Blocks = FaultGuest.Blocks;

    private FaultGuest _guest = null!;

    [Params(nameof(Stage2Generation.Posted2014), nameof(Stage2Generation.Current))]
    public string Generation { get; set; } = nameof(Stage2Generation.Current);

    [GlobalSetup]
    public void Setup() => _guest = new FaultGuest(Enum.Parse<Stage2Generation>(Generation));

    [GlobalCleanup]
    public void Cleanup() => _guest.Dispose();

    /// <summary>What precedes <see cref="StoreToProtectedPage"/>.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void Protect() => _guest.Protect();

    /// <summary>A store under logging: recorded, and the page made writable.</summary>
    [Benchmark(OperationsPerInvoke = Pages, Baseline = true)]
    [NetOf(nameof(Protect))]
    public void StoreToProtectedPage()
    {
        Protect();
        _guest.FaultPages(Stage2FaultClass.Permission, Stage2Access.Store);
    }

    /// <summary>The same where another vCPU was faster, or the page is writable: nothing is left to change.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void StoreToWritablePage() => _guest.FaultPages(Stage2FaultClass.Permission, Stage2Access.Store);

    /// <summary>A load of a page that is not mapped, under logging.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void LoadAndUnmapPage()
    {
        _guest.FaultPages(Stage2FaultClass.Translation, Stage2Access.Load);
        _guest.Unmap();
    }

    /// <summary>A load of a block that is not mapped, without a log.</summary>
    [Benchmark(OperationsPerInvoke = Blocks)]
    public void LoadAndUnmapBlock()
    {
        _guest.IsLogged = false;
        _guest.FaultBlocks(Stage2FaultClass.Translation, Stage2Access.Load, level: 2, offset: 0);
        _guest.IsLogged = true;
        _guest.Unmap();
    }

    /// <summary>A store dissolves a block under logging; a load beside it brings the block back after the log has stopped.</summary>
    [Benchmark(OperationsPerInvoke = Blocks)]
    public void DissolveAndCollapse()
    {
        _guest.FaultBlocks(Stage2FaultClass.Permission, Stage2Access.Store, level: 2, offset: 0);
        _guest.IsLogged = false;
        _guest.FaultBlocks(Stage2FaultClass.Translation, Stage2Access.Load, level: 3, offset: GuestPage.Size);
        _guest.IsLogged = true;
    }

    [GlobalSetup(Target = nameof(DissolveAndCollapse))]
    public void SetupBlocks()
    {
        Setup();
        _guest.Unmap();
        _guest.IsLogged = false;
        _guest.FaultBlocks(Stage2FaultClass.Translation, Stage2Access.Load, level: 2, offset: 0);
        _guest.IsLogged = true;
    }
}
