using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using RingKit.Properties.DirtyLogging.Memslots;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2.Logging;

/// <summary>One slot over a page table with its log, two vCPUs' TLBs that forget nothing by themselves, and the checker.</summary>
internal sealed class LoggedSlot : IDisposable
{
    public const ulong Memory = 0x1_0000_0000;

    private readonly GuestMemory _memory = new();
    private readonly TlbMaintenance _maintenance = new(vcpus: 2);
    private readonly TableCache<HardwareOrdering> _cache;
    private readonly HostSpace<HardwareOrdering> _host = new();
    private readonly Stage2VcpuState<HardwareOrdering> _vcpu;
    private LoggedThread _thread;

    public LoggedSlot(Stage2Options? options = null, MemslotLogOptions? log = null, ulong baseGfn = 0x4_0000, ulong pages = 2048, HostRegionKind kind = HostRegionKind.Anonymous)
    {
        MemorySlot memory = _memory.AddSlotWithoutBytes(0, baseGfn, pages);
        ulong inBlock = (baseGfn * Page) & (Block - 1);
        Slot = new Stage2Slot(memory, 0x7F00_0000_0000 + inBlock, isReadOnly: false);
        _host.Add(new HostRegionSettings(Slot.UserspaceAddress, Slot.Size) { Kind = kind, PhysicalAddress = Memory + inBlock });
        Hypervisor = new Stage2HvCore<HardwareOrdering>(options ?? new Stage2Options(), [Slot], _host);
        Log = new MemslotLog<HardwareOrdering>(pages, log ?? new MemslotLogOptions());
        _cache = new TableCache<HardwareOrdering>(Table.Pool, 16);
        _vcpu = Hypervisor.CreateVcpuState();
        _thread = new LoggedThread(_maintenance.ThreadOf(0), Log);
    }

    public Stage2HvCore<HardwareOrdering> Hypervisor { get; }

    public Stage2Core<HardwareOrdering> Table => Hypervisor.Table;

    public Stage2Slot Slot { get; }

    public MemslotLog<HardwareOrdering> Log { get; }

    public TlbMaintenance Maintenance => _maintenance;

    public Stage2Checker Checker => _maintenance.Checker;

    public Stage2LogCounts Counts => Hypervisor.LogCounts;

    public ref LoggedThread Thread => ref _thread;

    /// <summary>Levels at which permission faults stopped, and translation faults with 10 added.</summary>
    public List<int> Faults { get; } = [];

    public int TablesInUse => Table.Pool.CountInUse();

    public static ulong PhysicalOf(ulong ipa, ulong slotBase) => Memory + (ipa - (slotBase & ~(Block - 1)));

    public ulong AddressOf(ulong page) => Slot.BaseIpa + (page * Page);

    public Stage2Walk EntryOf(ulong page) => Table.Walk(AddressOf(page));

    /// <summary>The pages of the slot, as numbers, whose leaf is writable.</summary>
    public List<ulong> WritablePages()
    {
        List<ulong> pages = [];
        for (ulong page = 0; page < Log.Pages; page++)
        {
            Stage2Walk walk = EntryOf(page);
            if (walk.IsMapped && walk.Descriptor.IsWritable)
                pages.Add(page);
        }

        return pages;
    }

    public void MapAll(int level, Stage2Attributes attributes)
    {
        ulong size = Stage2Geometry.SizeAt(level);
        for (ulong ipa = Slot.BaseIpa; ipa < Slot.BaseIpa + Slot.Size; ipa += size)
            Map(ipa, level, attributes);
    }

    public void Start() => Assert.Equal(Errno.None, Hypervisor.StartLogging(ref Thread, Slot, Log));

    public void Stop() => Hypervisor.StopLogging(Slot, Log);

    /// <summary>GET, which must succeed: the pages.</summary>
    public List<ulong> Get()
    {
        byte[] bytes = new byte[Log.ByteLength];
        Stage2SlotProtection<HardwareOrdering, LoggedThread> protection = Hypervisor.ProtectionOf(ref Thread, Slot);
        Assert.Equal(Errno.None, Log.Get(ref protection, bytes));
        Checker.Delivered();
        return KvmBytes.Pages(bytes);
    }

    public Errno Clear(ulong first, uint count, params ulong[] pages) => Clear(first, count, KvmBytes.Of(first, count, pages));

    public Errno Clear(ulong first, uint count, byte[] bitmap)
    {
        Stage2SlotProtection<HardwareOrdering, LoggedThread> protection = Hypervisor.ProtectionOf(ref Thread, Slot);
        Errno error = Log.Clear(ref protection, first, count, bitmap);
        Checker.Delivered();
        return error;
    }

    /// <summary>A store by a vCPU, with the faults that it needs.</summary>
    public void Store(ulong page, int vcpu = 0) => Access(page, vcpu, write: true);

    /// <summary>A load.</summary>
    public void Load(ulong page, int vcpu = 0) => Access(page, vcpu, write: false);

    /// <summary>Pages that can be written and that neither the log nor what goes out has.</summary>
    public IReadOnlyList<Stage2Violation> Unrecorded(params ulong[] alsoRecorded)
    {
        var checker = new Stage2Checker();
        checker.CheckLogging(Table, _maintenance.Tlbs, Slot.BaseIpa, Slot.Size, ipa =>
        {
            ulong page = (ipa - Slot.BaseIpa) / Page;
            return Log.IsDirty(page) || alsoRecorded.Contains(page);
        });
        return checker.Violations;
    }

    public void CheckRules()
    {
        foreach (Stage2Tlb tlb in _maintenance.Tlbs)
            Checker.CheckTlb(Table, tlb);
        Checker.CheckTables(Table);
        Assert.Empty(Checker.Violations);
    }

    public void Dispose()
    {
        _cache.Dispose();
        _vcpu.Dispose();
        Hypervisor.Dispose();
        _host.Dispose();
        Assert.Equal(0, Table.LeakedTables);
        Log.Dispose();
        _memory.Dispose();
    }

    public void Map(ulong ipa, int level, Stage2Attributes attributes)
    {
        Assert.Equal(Errno.None, _cache.TopUp(_cache.Capacity));
        Assert.Equal(Errno.None, Table.Map(ref Thread, ipa, level, PhysicalOf(ipa, Slot.BaseIpa), attributes, _cache));
    }

    private void Access(ulong page, int vcpu, bool write)
    {
        _thread = new LoggedThread(_maintenance.ThreadOf(vcpu), Log);
        ulong ipa = AddressOf(page);
        Stage2Tlb tlb = _maintenance.Tlbs[vcpu];
        for (int tries = 0; tries < 4; tries++)
        {
            int hits = tlb.Lookup(ipa, out Stage2TlbEntry entry);
            Assert.InRange(hits, 0, 1);
            Stage2Walk walk = hits == 0 ? Table.Walk(ipa) : new Stage2Walk(Errno.None, entry.Level, entry.Descriptor);
            if (walk.IsMapped)
                tlb.Fill(ipa, walk);
            if (walk.IsMapped && (!write || walk.Descriptor.IsWritable))
                return;

            Faults.Add(walk.IsMapped ? walk.Level : 10 + walk.Level);
            var fault = new Stage2Fault(
                ipa,
                walk.IsMapped ? Stage2FaultClass.Permission : Stage2FaultClass.Translation,
                walk.Level,
                write ? Stage2Access.Store : Stage2Access.Load);
            Assert.Equal(Stage2FaultOutcome.Resume, Hypervisor.HandleFault(ref Thread, _vcpu, fault));
        }

        Assert.Fail($"The access to page {page} never ends.");
    }
}
