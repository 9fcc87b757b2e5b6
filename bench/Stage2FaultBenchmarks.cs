using BenchmarkDotNet.Attributes;
using RingKit.Bench.Reporting;
using RingKit.Bench.Stage2;
using RingKit.Bitmaps;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Bench;

/// <summary>A fault of a guest on a stage-2 table, by what becomes of it. Without what it costs the vCPU to leave the guest, and without processors to invalidate.</summary>
/// <remarks>
/// Each round puts the pages back to where they fault; <see cref="Protect"/> is that alone, and is subtracted. The host's pages are in.
/// </remarks>
[AllocatesNothing]
public class Stage2FaultBenchmarks
{
    private const ulong BaseIpa = 0x4000_0000, Userspace = 0x7F00_0000_0000, BlockBytes = 1 << 21;
    private const int Pages = 4096, Blocks = 64;

    private readonly GuestMemory _memory = new();
    private readonly DirtyBitmap _log = new(Blocks * 512);
    private HostSpace<HardwareOrdering> _host = null!;
    private Stage2HvCore<HardwareOrdering> _hypervisor = null!;
    private Stage2VcpuState<HardwareOrdering> _vcpu = null!;
    private FaultThread _thread;

    [Params(nameof(Stage2Generation.Posted2014), nameof(Stage2Generation.Current))]
    public string Generation { get; set; } = nameof(Stage2Generation.Current);

    [GlobalSetup]
    public void Setup()
    {
        MemorySlot memory = _memory.AddSlotWithoutBytes(id: 0, BaseIpa >> GuestPage.Shift, Blocks * 512);
        _host = new HostSpace<HardwareOrdering>();
        _host.Add(new HostRegionSettings(Userspace, Blocks * BlockBytes));
        _hypervisor = new Stage2HvCore<HardwareOrdering>(
            new Stage2Options { Generation = Enum.Parse<Stage2Generation>(Generation) }, [new Stage2Slot(memory, Userspace, isReadOnly: false)], _host);
        _vcpu = _hypervisor.CreateVcpuState();
        _thread = new FaultThread(_log);
        memory.LogsDirtyPages = true;
        FaultPages(Stage2FaultClass.Translation, Stage2Access.Store);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _vcpu.Dispose();
        _hypervisor.Dispose();
        _host.Dispose();
        _memory.Dispose();
        _log.Dispose();
    }

    /// <summary>What precedes <see cref="StoreToProtectedPage"/>.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void Protect() => _hypervisor.Table.WriteProtect(ref _thread, BaseIpa, Pages * GuestPage.Size, out _);

    /// <summary>A store under logging: recorded, and the page made writable.</summary>
    [Benchmark(OperationsPerInvoke = Pages, Baseline = true)]
    [NetOf(nameof(Protect))]
    public void StoreToProtectedPage()
    {
        Protect();
        FaultPages(Stage2FaultClass.Permission, Stage2Access.Store);
    }

    /// <summary>The same where another vCPU was faster, or the page is writable: nothing is left to change.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void StoreToWritablePage() => FaultPages(Stage2FaultClass.Permission, Stage2Access.Store);

    /// <summary>What precedes <see cref="LoadOfOldPage"/>.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void Age() => _hypervisor.Table.ClearYoung(ref _thread, BaseIpa, Pages * GuestPage.Size, out _);

    /// <summary>A load of a page that was aged: its access flag is set again.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    [NetOf(nameof(Age))]
    public void LoadOfOldPage()
    {
        Age();
        FaultPages(Stage2FaultClass.AccessFlag, Stage2Access.Load);
    }

    /// <summary>A load of a page that is not mapped, under logging.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void LoadAndUnmapPage()
    {
        FaultPages(Stage2FaultClass.Translation, Stage2Access.Load);
        Unmap();
    }

    /// <summary>A load of a block that is not mapped, without a log.</summary>
    [Benchmark(OperationsPerInvoke = Blocks)]
    public void LoadAndUnmapBlock()
    {
        _hypervisor.Slots[0].Memory.LogsDirtyPages = false;
        FaultBlocks(Stage2FaultClass.Translation, Stage2Access.Load, level: 2, offset: 0);
        _hypervisor.Slots[0].Memory.LogsDirtyPages = true;
        Unmap();
    }

    /// <summary>A store dissolves a block under logging; a load beside it brings the block back after the log has stopped.</summary>
    [Benchmark(OperationsPerInvoke = Blocks)]
    public void DissolveAndCollapse()
    {
        FaultBlocks(Stage2FaultClass.Permission, Stage2Access.Store, level: 2, offset: 0);
        _hypervisor.Slots[0].Memory.LogsDirtyPages = false;
        FaultBlocks(Stage2FaultClass.Translation, Stage2Access.Load, level: 3, offset: GuestPage.Size);
        _hypervisor.Slots[0].Memory.LogsDirtyPages = true;
    }

    [GlobalSetup(Target = nameof(DissolveAndCollapse))]
    public void SetupBlocks()
    {
        Setup();
        _hypervisor.Table.Unmap(ref _thread, BaseIpa, Blocks * BlockBytes);
        _hypervisor.Slots[0].Memory.LogsDirtyPages = false;
        FaultBlocks(Stage2FaultClass.Translation, Stage2Access.Load, level: 2, offset: 0);
        _hypervisor.Slots[0].Memory.LogsDirtyPages = true;
    }

    private void Unmap() => _hypervisor.Table.Unmap(ref _thread, BaseIpa, Blocks * BlockBytes);

    private void FaultPages(Stage2FaultClass why, Stage2Access kind)
    {
        for (ulong page = 0; page < Pages; page++)
            Fault(new Stage2Fault(BaseIpa + (page << GuestPage.Shift), why, Stage2Geometry.LastLevel, kind));
    }

    private void FaultBlocks(Stage2FaultClass why, Stage2Access kind, int level, ulong offset)
    {
        for (ulong block = 0; block < Blocks; block++)
            Fault(new Stage2Fault(BaseIpa + (block * BlockBytes) + offset, why, level, kind));
    }

    private void Fault(in Stage2Fault fault)
    {
        if (_hypervisor.HandleFault(ref _thread, _vcpu, in fault) != Stage2FaultOutcome.Resume)
            throw new InvalidOperationException($"{fault} is not mended.");
    }
}
