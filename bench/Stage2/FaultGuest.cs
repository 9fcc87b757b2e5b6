using RingKit.Bitmaps;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Bench.Stage2;

/// <summary>A logged slot of 128 MiB, of which the first 16 MiB are mapped in pages, and the hypervisor that mends one vCPU's faults in it. The host's pages are in.</summary>
internal sealed class FaultGuest : IDisposable
{
    public const int Pages = 4096, Blocks = 64;
    private const ulong BaseIpa = 0x4000_0000, Userspace = 0x7F00_0000_0000, BlockBytes = 1 << 21;

    private readonly GuestMemory _memory = new();
    private readonly DirtyBitmap _log = new(Blocks * 512);
    private readonly HostSpace<HardwareOrdering> _host = new();
    private readonly Stage2HvCore<HardwareOrdering> _hypervisor;
    private readonly Stage2VcpuState<HardwareOrdering> _vcpu;
    private FaultThread _thread;

    public FaultGuest(Stage2Generation generation)
    {
        MemorySlot memory = _memory.AddSlotWithoutBytes(id: 0, BaseIpa >> GuestPage.Shift, Blocks * 512);
        _host.Add(new HostRegionSettings(Userspace, Blocks * BlockBytes));
        _hypervisor = new Stage2HvCore<HardwareOrdering>(
            new Stage2Options { Generation = generation }, [new Stage2Slot(memory, Userspace, isReadOnly: false)], _host);
        _vcpu = _hypervisor.CreateVcpuState();
        _thread = new FaultThread(_log);
        IsLogged = true;
        FaultPages(Stage2FaultClass.Translation, Stage2Access.Store);
    }

    public bool IsLogged
    {
        set => _hypervisor.Slots[0].Memory.LogsDirtyPages = value;
    }

    /// <summary>Takes the write permission of the pages.</summary>
    public void Protect() => _hypervisor.Table.WriteProtect(ref _thread, BaseIpa, Pages * GuestPage.Size, out _);

    /// <summary>Takes their access flags.</summary>
    public void Age() => _hypervisor.Table.ClearYoung(ref _thread, BaseIpa, Pages * GuestPage.Size, out _);

    /// <summary>Takes all mappings.</summary>
    public void Unmap() => _hypervisor.Table.Unmap(ref _thread, BaseIpa, Blocks * BlockBytes);

    public void FaultPages(Stage2FaultClass why, Stage2Access kind)
    {
        for (ulong page = 0; page < Pages; page++)
            Fault(new Stage2Fault(BaseIpa + (page << GuestPage.Shift), why, Stage2Geometry.LastLevel, kind));
    }

    public void FaultBlocks(Stage2FaultClass why, Stage2Access kind, int level, ulong offset)
    {
        for (ulong block = 0; block < Blocks; block++)
            Fault(new Stage2Fault(BaseIpa + (block * BlockBytes) + offset, why, level, kind));
    }

    public void Dispose()
    {
        _vcpu.Dispose();
        _hypervisor.Dispose();
        _host.Dispose();
        _memory.Dispose();
        _log.Dispose();
    }

    private void Fault(in Stage2Fault fault)
    {
        if (_hypervisor.HandleFault(ref _thread, _vcpu, in fault) != Stage2FaultOutcome.Resume)
            throw new InvalidOperationException($"{fault} is not mended.");
    }
}
