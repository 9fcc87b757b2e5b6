using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>A guest of two vCPUs whose TLBs forget nothing by themselves, the host process, the fault handler, a plain dirty log, and the checker.</summary>
internal sealed class FaultWorld : IDisposable
{
    public const ulong Page = 0x1000, Block = 0x20_0000, Gigabyte = 0x4000_0000;
    public const ulong Base = 0x4000_0000, Userspace = 0x7F00_0000_0000, Physical = 0x1_0000_0000;
    private const int MostFaults = 8;

    private readonly GuestMemory _memory = new();
    private readonly List<Stage2Slot> _slots = [];
    private readonly List<bool[]> _dirty = [];
    private readonly Stage2VcpuState<HardwareOrdering>[] _vcpus;
    private WorldThread _thread;

    /// <summary>A slot of 8 MiB with transparent huge pages: set-up "S" of the scenarios, unless a guest is laid out otherwise.</summary>
    public FaultWorld(Stage2Options options, Action<FaultWorld>? layOut = null)
    {
        if (layOut is null)
            AddSlot(Base, 4 * Block, new HostRegionSettings(Userspace, 4 * Block) { PhysicalAddress = Physical });
        else
            layOut(this);
        Hypervisor = new Stage2HvCore<HardwareOrdering>(options, _slots, Host);
        _vcpus = [.. Maintenance.Tlbs.Select(_ => Hypervisor.CreateVcpuState())];
        _thread = new WorldThread(this, 0);
    }

    public HostSpace<HardwareOrdering> Host { get; } = new();

    public Stage2HvCore<HardwareOrdering> Hypervisor { get; }

    public Stage2Core<HardwareOrdering> Table => Hypervisor.Table;

    public TlbMaintenance Maintenance { get; } = new(vcpus: 2);

    public Stage2Checker Checker => Maintenance.Checker;

    public ref WorldThread Thread => ref _thread;

    /// <summary>What the broadcast invalidations by address named.</summary>
    public List<ulong> FlushedIpas { get; } = [];

    /// <summary>How often a page was recorded.</summary>
    public int Marks { get; private set; }

    /// <summary>Whether any invalidation by address drops everything, as ARMv7 did it.</summary>
    public bool FlushesAll { get; set; }

    public int TablesInUse => Table.Pool.CountInUse();

    public Stage2FaultCounts Counts(int vcpu = 0) => _vcpus[vcpu].Counts;

    public Stage2Slot Slot(int index = 0) => _slots[index];

    /// <summary>Adds a slot over a region of the host, which is added too if it is given.</summary>
    public void AddSlot(ulong baseIpa, ulong size, HostRegionSettings? region = null, ulong? userspace = null, bool isReadOnly = false)
    {
        MemorySlot memory = _memory.AddSlotWithoutBytes((ushort)_slots.Count, baseIpa / Page, size / Page);
        if (region is not null)
            Host.Add(region with { Memory = memory, MemoryAddress = userspace });
        _slots.Add(new Stage2Slot(memory, userspace ?? region!.Address, isReadOnly));
        _dirty.Add(new bool[size / Page]);
    }

    public WorldThread ThreadOf(int vcpu) => new(this, vcpu);

    public void Mark(MemorySlot slot, ulong offset)
    {
        Marks++;
        _dirty[slot.Ordinal][offset] = true;
    }

    public bool IsDirty(ulong page, int slot = 0) => _dirty[slot][page];

    public ulong[] Dirty(int slot = 0) => [.. _dirty[slot].Index().Where(page => page.Item).Select(page => (ulong)page.Index)];

    /// <summary>An access as a vCPU does it, until it goes through or the vCPU leaves the guest.</summary>
    /// <param name="ipa">Where.</param>
    /// <param name="kind">What it wants.</param>
    /// <param name="vcpu">Who.</param>
    /// <param name="faults">How many faults it took.</param>
    public Stage2FaultOutcome Access(ulong ipa, Stage2Access kind, out int faults, int vcpu = 0)
    {
        for (faults = 0; faults < MostFaults; faults++)
        {
            if (Try(vcpu, ipa, kind) is not { } fault)
                return Stage2FaultOutcome.Resume;
            Stage2FaultOutcome outcome = Handle(fault, vcpu);
            if (outcome != Stage2FaultOutcome.Resume)
            {
                faults++;
                return outcome;
            }
        }

        throw new InvalidOperationException($"{kind} at 0x{ipa:x} faults without end.");
    }

    /// <summary>The same, which must go through.</summary>
    /// <returns>How many faults it took.</returns>
    public int Store(ulong ipa, int vcpu = 0) => Do(ipa, Stage2Access.Store, vcpu);

    /// <inheritdoc cref="Store"/>
    public int Load(ulong ipa, int vcpu = 0) => Do(ipa, Stage2Access.Load, vcpu);

    public Stage2FaultOutcome Handle(in Stage2Fault fault, int vcpu = 0)
    {
        WorldThread thread = ThreadOf(vcpu);
        return Hypervisor.HandleFault(ref thread, _vcpus[vcpu], in fault);
    }

    /// <summary>An access by a vCPU's TLB, else by a walk that it remembers.</summary>
    /// <returns>The fault, or null for none.</returns>
    public Stage2Fault? Try(int vcpu, ulong ipa, Stage2Access kind)
    {
        Stage2Tlb tlb = Maintenance.Tlbs[vcpu];
        int hits = tlb.Lookup(ipa, out Stage2TlbEntry entry);
        Assert.InRange(hits, 0, 1);
        if (hits == 0)
        {
            Stage2Walk walk = Table.Walk(ipa);
            if (!walk.IsMapped)
                return new Stage2Fault(ipa, Stage2FaultClass.Translation, walk.Level, kind);
            if (!walk.Descriptor.IsAccessed)
                return new Stage2Fault(ipa, Stage2FaultClass.AccessFlag, walk.Level, kind);
            tlb.Fill(ipa, walk);
            tlb.Lookup(ipa, out entry);
        }

        bool allows = kind switch
        {
            Stage2Access.Store or Stage2Access.GuestWalk => entry.Descriptor.IsWritable,
            Stage2Access.Fetch => entry.Descriptor.Execute != Stage2Execute.Nowhere,
            _ => entry.Descriptor.IsReadable,
        };
        return allows ? null : new Stage2Fault(ipa, Stage2FaultClass.Permission, entry.Level, kind);
    }

    /// <summary>Starts the log as KVM does by default: the flag, the whole slot protected, one flush.</summary>
    public ulong StartLog(int slot = 0)
    {
        Array.Clear(_dirty[slot]);
        _slots[slot].Memory.LogsDirtyPages = true;
        Hypervisor.Lock.Enter(ref _thread);
        Assert.Equal(Errno.None, Table.WriteProtect(ref _thread, _slots[slot].BaseIpa, _slots[slot].Size, out ulong changed));
        Hypervisor.Lock.Exit();
        Thread.InvalidateAll();
        Checker.Delivered();
        return changed;
    }

    public void StopLog(int slot = 0) => _slots[slot].Memory.LogsDirtyPages = false;

    /// <summary>Takes the dirty pages: the words taken, their spans protected, one flush if there was anything.</summary>
    public ulong[] Harvest(int slot = 0)
    {
        ulong[] pages = Dirty(slot);
        Array.Clear(_dirty[slot]);
        Hypervisor.Lock.Enter(ref _thread);
        foreach (IGrouping<ulong, ulong> word in pages.GroupBy(page => page / 64))
        {
            ulong mask = word.Aggregate(0UL, (bits, page) => bits | (1UL << (int)(page % 64)));
            Assert.Equal(Errno.None, Table.WriteProtectSpan(ref _thread, _slots[slot].BaseIpa + (word.Key * 64 * Page), mask, out _));
        }

        Hypervisor.Lock.Exit();
        if (pages.Length != 0)
            Thread.InvalidateAll();
        Checker.Delivered();
        return pages;
    }

    public void CheckRules()
    {
        foreach (Stage2Tlb tlb in Maintenance.Tlbs)
            Checker.CheckTlb(Table, tlb);
        Checker.CheckTables(Table);
        foreach ((int index, Stage2Slot slot) in _slots.Index().Where(slot => slot.Item.Memory.LogsDirtyPages && !slot.Item.IsReadOnly))
            Checker.CheckLogging(Table, Maintenance.Tlbs, slot.BaseIpa, slot.Size, ipa => _dirty[index][(ipa - slot.BaseIpa) / Page]);
        Assert.Empty(Checker.Violations);
        CheckTargets();
    }

    /// <summary>Every page that is mapped, or in a TLB, is what the host has behind it; nothing outside the slots is.</summary>
    public void CheckTargets()
    {
        Table.Visit((ipa, level, entry) =>
        {
            if (entry.IsLeafAt(level))
                CheckLeaf(new Stage2TlbEntry(ipa, level, entry));
        });
        foreach (Stage2TlbEntry entry in Maintenance.Tlbs.SelectMany(tlb => tlb.Entries))
            CheckLeaf(entry);
    }

    /// <summary>Counts references anew and compares.</summary>
    public void CheckReferences()
    {
        ulong tables = 0;
        for (int page = 0; page < Table.Geometry.StartPages; page++)
            CheckTable((ulong)page * Page, Table.Geometry.StartLevel, ref tables);
        Assert.Equal(tables, (ulong)(TablesInUse + Table.Geometry.StartPages));
    }

    /// <summary>The end of a scenario: no rule is broken, references are exact, and when all is unmapped no table is left.</summary>
    public void Finish()
    {
        CheckRules();
        CheckReferences();
        Assert.Equal(Errno.None, Table.Unmap(ref _thread, 0, Table.Geometry.IpaSize));
        Assert.Equal(0, TablesInUse);
        DisposeVcpus();
        Assert.Equal(0, Table.Pool.TakenTables);
        Hypervisor.Dispose();
        Assert.Equal(0, Table.LeakedTables);
    }

    /// <summary>Disposes the page table, and counts what is left in it.</summary>
    public int LeakedTables()
    {
        DisposeVcpus();
        Hypervisor.Dispose();
        return Table.LeakedTables;
    }

    public void Dispose()
    {
        DisposeVcpus();
        Hypervisor.Dispose();
        Host.Dispose();
        _memory.Dispose();
    }

    // Before the pool that their tables go back to.
    private void DisposeVcpus()
    {
        foreach (Stage2VcpuState<HardwareOrdering> vcpu in _vcpus)
            vcpu.Dispose();
    }

    private int Do(ulong ipa, Stage2Access kind, int vcpu)
    {
        Assert.Equal(Stage2FaultOutcome.Resume, Access(ipa, kind, out int faults, vcpu));
        return faults;
    }

    // Without assertions that cost something when they hold: a block has 512 pages.
    private void CheckLeaf(Stage2TlbEntry entry)
    {
        ulong target = entry.Descriptor.OutputAddress(entry.Level);
        for (ulong ipa = entry.Ipa; ipa < entry.Ipa + entry.Size; ipa += Page, target += Page)
        {
            if (Hypervisor.FindSlot(ipa) is not { } slot)
            {
                Assert.Fail($"0x{ipa:x} is mapped and in no slot.");
                return;
            }

            ulong address = slot.HostAddressOf(ipa);
            HostPage page = Host.Find(address)!.Look(address, isWrite: false);
            if (page.State != HostPageState.Found || page.Address != target)
                Assert.Fail($"0x{ipa:x} leads to 0x{target:x}; the host has {page}.");
            if (entry.Descriptor.IsWritable && (!page.IsWritable || slot.IsReadOnly))
                Assert.Fail($"0x{ipa:x} is writable.");
        }
    }

    private void CheckTable(ulong table, int level, ref ulong tables)
    {
        ulong references = 1;
        tables++;
        for (ulong i = 0; i < 512; i++)
        {
            var entry = new Stage2Descriptor(Table.Pool.EntryAt(table, i));
            if (!entry.IsCounted)
                continue;
            references++;
            if (entry.IsTableAt(level))
                CheckTable(entry.TableAddress, level + 1, ref tables);
        }

        Assert.Equal(references, Table.Pool.ReferencesOn(table));
    }
}
