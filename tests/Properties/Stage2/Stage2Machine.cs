using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using Xunit;
using static RingKit.Mmu.Stage2.Stage2Protection;

namespace RingKit.Properties.Stage2;

/// <summary>A page table, two vCPUs' TLBs that forget nothing by themselves, and the checker.</summary>
internal sealed class Stage2Machine : IDisposable
{
    public const ulong Page = 0x1000, Block = 0x20_0000, Gigabyte = 0x4000_0000;

    public static readonly Stage2Attributes ReadWrite = Encode(Read | Write);
    public static readonly Stage2Attributes ReadOnly = Encode(Read);

    private MaintainingThread _thread;

    public Stage2Machine(int ipaBits = 40, int cache = 16, int maxTables = 2048)
    {
        Table = new Stage2Core<HardwareOrdering>(new Stage2Geometry(ipaBits), maxTables);
        Cache = new TableCache<HardwareOrdering>(Table.Pool, cache);
        _thread = Maintenance.ThreadOf(0);
        TopUp();
    }

    public Stage2Core<HardwareOrdering> Table { get; }

    public TableCache<HardwareOrdering> Cache { get; }

    public TlbMaintenance Maintenance { get; } = new(vcpus: 2);

    public Stage2Checker Checker => Maintenance.Checker;

    public ref MaintainingThread Thread => ref _thread;

    public int TablesInUse => Table.Pool.CountInUse();

    public static Stage2Attributes Encode(Stage2Protection protection)
    {
        Assert.Equal(Errno.None, Stage2Attributes.TryEncode(protection, forceWriteBack: false, out Stage2Attributes attributes));
        return attributes;
    }

    public void TopUp() => Assert.Equal(Errno.None, Cache.TopUp(Cache.Capacity));

    public Errno Map(ulong ipa, int level, ulong address, Stage2Attributes? attributes = null)
    {
        TopUp();
        return Table.Map(ref Thread, ipa, level, address, attributes ?? ReadWrite, Cache);
    }

    /// <summary>An access as a vCPU does it: by its TLB, else by a walk that it remembers.</summary>
    /// <returns>The level of the fault, or -1 for none.</returns>
    public int Access(int vcpu, ulong ipa, bool write)
    {
        Stage2Tlb tlb = Maintenance.Tlbs[vcpu];
        int hits = tlb.Lookup(ipa, out Stage2TlbEntry entry);
        Assert.InRange(hits, 0, 1);
        if (hits == 0)
        {
            Stage2Walk walk = Table.Walk(ipa);
            if (!walk.IsMapped || !walk.Descriptor.IsAccessed)
                return walk.Level;
            tlb.Fill(ipa, walk);
            tlb.Lookup(ipa, out entry);
        }

        return write && !entry.Descriptor.IsWritable ? entry.Level : -1;
    }

    public void Flush() => Thread.InvalidateAll();

    /// <summary>Counts references anew and compares.</summary>
    public void CheckReferences()
    {
        ReferenceCounts.Check(Table);
        Assert.Equal(TablesInUse + Cache.Count, Table.Pool.TakenTables);
    }

    public void CheckRules()
    {
        foreach (Stage2Tlb tlb in Maintenance.Tlbs)
            Checker.CheckTlb(Table, tlb);
        Checker.CheckTables(Table);
        Assert.Empty(Checker.Violations);
    }

    public void Dispose()
    {
        Cache.Dispose();
        Table.Dispose();
        Assert.Equal(0, Table.LeakedTables);
    }
}
