using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Bench.Memslots;

/// <summary>One slot without bytes at 1 GiB, all of it mapped in pages or in blocks of 2 MiB, and its log.</summary>
internal sealed class LoggedGuest : IDisposable
{
    public const ulong Block = 1ul << 21;

    private const ulong BaseGfn = 1ul << 18;
    private const ulong Address = 1ul << 40;

    private static readonly Stage2Attributes ReadWrite = Encode();

    private readonly GuestMemory _memory = new();
    private readonly HostSpace<HardwareOrdering> _host = new();
    private readonly Stage2VcpuState<HardwareOrdering> _vcpu;
    private LogThread _thread;

    public LoggedGuest(ulong bytes, Stage2Options options, ManualProtect mode = ManualProtect.None)
    {
        MemorySlot memory = _memory.AddSlotWithoutBytes(0, BaseGfn, bytes / GuestPage.Size);
        Slot = new Stage2Slot(memory, Address + (BaseGfn << GuestPage.Shift), isReadOnly: false);
        _host.Add(new HostRegionSettings(Slot.UserspaceAddress, Slot.Size));
        Hypervisor = new Stage2HvCore<HardwareOrdering>(options, [Slot], _host);
        Log = new MemslotLog<HardwareOrdering>(memory.PageCount, new MemslotLogOptions { ManualProtect = mode });
        _vcpu = Hypervisor.CreateVcpuState();
        _thread = new LogThread(Log);
    }

    public Stage2HvCore<HardwareOrdering> Hypervisor { get; }

    public Stage2Slot Slot { get; }

    public MemslotLog<HardwareOrdering> Log { get; }

    public Stage2FaultCounts Faults => _vcpu.Counts;

    public ulong Invalidations => _thread.Invalidations;

    public ulong Pages => Log.Pages;

    public ulong Blocks => Slot.Size / Block;

    /// <summary>Maps all in blocks of 2 MiB, writable, at once.</summary>
    public void MapBlocks()
    {
        using var cache = new TableCache<HardwareOrdering>(Hypervisor.Table.Pool, 8);
        for (ulong offset = 0; offset < Slot.Size; offset += Block)
        {
            Ensure(cache.TopUp(4));
            Ensure(Hypervisor.Table.Map(ref _thread, Slot.BaseIpa + offset, 2, (1ul << 32) + offset, ReadWrite, cache));
        }
    }

    /// <summary>Splits all into pages, as writable as they are.</summary>
    public void SplitAll()
    {
        using var cache = new TableCache<HardwareOrdering>(Hypervisor.Table.Pool, 512);
        Errno error = Errno.NoMemory;
        for (ulong ipa = Slot.BaseIpa; error == Errno.NoMemory;)
        {
            Ensure(cache.TopUp(1));
            error = Hypervisor.Table.SplitRange(ref _thread, ref ipa, Slot.BaseIpa + Slot.Size, cache);
        }

        Ensure(error);
    }

    /// <summary>Gives the permission to write back to leaves that lie so far apart.</summary>
    public void Relax(ulong firstPage, ulong count, ulong pagesApart)
    {
        for (ulong page = firstPage; page < firstPage + count; page += pagesApart)
            Ensure(Hypervisor.Table.Relax(ref _thread, IpaOf(page), Stage2Protection.Write));
    }

    public void Start() => Start(Log);

    /// <summary>Starts a log in the place of the guest's own.</summary>
    public void Start(MemslotLog<HardwareOrdering> log) => Ensure(Hypervisor.StartLogging(ref _thread, Slot, log));

    public void Stop() => Hypervisor.StopLogging(Slot, Log);

    public void Get(Span<byte> bytes)
    {
        Stage2SlotProtection<HardwareOrdering, LogThread> protection = Hypervisor.ProtectionOf(ref _thread, Slot);
        Ensure(Log.Get(ref protection, bytes));
    }

    public void Clear(ulong firstPage, uint count, ReadOnlySpan<byte> bytes)
    {
        Stage2SlotProtection<HardwareOrdering, LogThread> protection = Hypervisor.ProtectionOf(ref _thread, Slot);
        Ensure(Log.Clear(ref protection, firstPage, count, bytes));
    }

    public void Store(ulong page) => Access(page, Stage2Access.Store, Stage2Attributes.WriteBit);

    public void Load(ulong page) => Access(page, Stage2Access.Load, Stage2Attributes.ReadBit);

    public void Dispose()
    {
        _vcpu.Dispose();
        Hypervisor.Dispose();
        _host.Dispose();
        Log.Dispose();
        _memory.Dispose();
    }

    private static Stage2Attributes Encode()
    {
        Ensure(Stage2Attributes.TryEncode(Stage2Protection.Read | Stage2Protection.Write, forceWriteBack: false, out Stage2Attributes attributes));
        return attributes;
    }

    private static void Ensure(Errno error)
    {
        if (error != Errno.None)
            throw new InvalidOperationException($"The hypervisor answers {error}.");
    }

    private ulong IpaOf(ulong page) => Slot.BaseIpa + (page << GuestPage.Shift);

    // Without a TLB: each access walks.
    private void Access(ulong page, Stage2Access kind, ulong needed)
    {
        while (true)
        {
            Stage2Walk walk = Hypervisor.Table.Walk(IpaOf(page));
            if (walk.IsMapped && (walk.Descriptor.Raw & needed) != 0)
                return;
            var fault = new Stage2Fault(
                IpaOf(page), walk.IsMapped ? Stage2FaultClass.Permission : Stage2FaultClass.Translation, walk.Level, kind);
            if (Hypervisor.HandleFault(ref _thread, _vcpu, fault) != Stage2FaultOutcome.Resume)
                throw new InvalidOperationException($"The access to page {page} is refused.");
        }
    }
}
