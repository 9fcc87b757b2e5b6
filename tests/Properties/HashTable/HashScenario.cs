using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using RingKit.Properties.HashTable.Harvesting;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>A guest with a hashed page table and one thread, for scenarios that are worked out to the bit. X is the entry that they begin with.</summary>
internal sealed class HashScenario : IDisposable
{
    /// <summary>X: (VSID 0x123456, EA 0x10020000), 64 KiB. It stands there in all tables of order 21 to 24, and the smallest is the fastest to make.</summary>
    public const ulong Index = 0x1A2A0;

    public const ulong V = 0x0000_0001_2345_6005;

    /// <summary>X's page is gfn 0x42; R, C, M and PP=2.</summary>
    public const ulong R = 0x0000_0000_0042_1192;

    public const ulong Gfn = 0x42;

    /// <summary>Where the host has X's page.</summary>
    public const ulong HostAddress = (1UL << 46) + (Gfn << 16);

    public ScenarioThread Thread;

    private readonly GuestMemory _memory = new();

    public HashScenario(HashTableEra era = HashTableEra.Current, HashTableDefects defects = HashTableDefects.None)
        : this(Options(era, defects))
    {
    }

    public HashScenario(HashTableOptions options, ulong slotPages = 4096)
        : this(options, [(0UL, slotPages)])
    {
    }

    /// <param name="options">The table's.</param>
    /// <param name="slots">First page and number of pages of each slot, pages of the host. The first one logs.</param>
    public HashScenario(HashTableOptions options, (ulong Base, ulong Pages)[] slots)
    {
        int extra = options.PageShift - GuestPage.Shift;
        for (int i = 0; i < slots.Length; i++)
            _memory.AddSlot((ushort)i, slots[i].Base << extra, slots[i].Pages << extra);
        Core = new Book3sHvCore<HardwareOrdering>(_memory, options);
        Thread = new ScenarioThread(Core);
        Slot.Logs = true;
    }

    public static HashTableEra[] Eras => Enum.GetValues<HashTableEra>();

    public Book3sHvCore<HardwareOrdering> Core { get; }

    public HashSlot<HardwareOrdering> Slot => Core.Slots[0];

    public static HashTableOptions Options(HashTableEra era = HashTableEra.Current, HashTableDefects defects = HashTableDefects.None) =>
        new() { Order = 21, PageShift = 16, Era = era, Defects = defects };

    /// <summary>A table of the smallest order over 256 pages of 4 KiB, for tests of many cases.</summary>
    public static HashTableOptions SmallOptions(HashTableEra era = HashTableEra.Current, bool isa30 = false) =>
        new() { Order = 18, PageShift = 12, BackingShift = 16, Era = era, Isa30 = isa30 };

    public ulong Rmap(ulong gfn = Gfn) => Slot.RmapOf(gfn - Slot.BaseGfn);

    public Hpte Entry(ulong index = Index) => Core.Table.Load(index);

    public ulong GuestR(ulong index = Index) => Core.Chains.LoadGuestR(index);

    public HypercallResult Enter(ulong index = Index, ulong v = V, ulong r = R, ulong flags = HypercallFlags.Exact) =>
        Core.Enter(ref Thread, flags, index, v, r);

    public HypercallResult Remove(ulong index = Index, ulong flags = 0, ulong avpn = 0) => Core.Remove(ref Thread, flags, index, avpn);

    public HypercallStatus Protect(ulong flags, ulong index = Index, ulong avpn = 0) => Core.Protect(ref Thread, flags, index, avpn);

    /// <summary>H_READ of one entry.</summary>
    public Hpte Read(ulong index = Index)
    {
        Span<ulong> words = stackalloc ulong[2];
        Assert.Equal(HypercallStatus.Success, Core.Read(0, index, words));
        return new Hpte(words[0], words[1]);
    }

    /// <summary>Both levels of a fault, as the vCPU takes them.</summary>
    public FaultOutcome Fault(VirtualAddress address, Dsisr status)
    {
        var fault = new StorageFault(address, status);
        FirstLevelFault judged = Core.JudgeFault(ref Thread, fault);
        if (judged.Outcome is FaultOutcome.HostHandler or FaultOutcome.Mmio)
            Core.HandlePageFault(ref Thread, fault, judged.Snapshot);
        return judged.Outcome;
    }

    /// <summary>GET, which succeeds.</summary>
    /// <returns>The bitmap.</returns>
    public byte[] GetBitmap(HarvestMethod method, bool vcpusRun = true, uint slot = 0)
    {
        byte[] bitmap = new byte[Core.FindSlotById(slot)!.WordCount * sizeof(ulong)];
        Assert.Equal(Errno.None, Core.GetDirtyLog(ref Thread, slot, bitmap, method, vcpusRun, out _));
        return bitmap;
    }

    /// <summary>The pages that GET reports.</summary>
    public ulong[] Get(HarvestMethod method, bool vcpusRun = true, uint slot = 0) => HarvestRig.PagesOf(GetBitmap(method, vcpusRun, slot));

    /// <summary>The pages that the slot's bitmap records, which are then recorded no more.</summary>
    public ulong[] TakeChanged()
    {
        List<ulong> pages = [];
        for (ulong word = 0; word < Slot.WordCount; word++)
        {
            ulong bits = Slot.Changed.Take(word);
            for (int bit = 0; bit < 64; bit++)
            {
                if ((bits >> bit & 1) != 0)
                    pages.Add(word * 64 + (ulong)bit);
            }
        }

        return [.. pages];
    }

    /// <summary>What the host keeps of pages that changed and of entries that are gone: gfns of the bitmap, or of rmap words with C.</summary>
    public ulong[] HostRecord()
    {
        if (Core.Options.Era == HashTableEra.Current)
            return TakeChanged();

        List<ulong> pages = [];
        for (ulong offset = 0; offset < Slot.PageCount; offset++)
        {
            ulong word = Slot.RmapOf(offset);
            if ((word & RmapFormat.Changed) == 0)
                continue;
            int shift = Math.Max(RmapFormat.ChangedShift(word), Core.Options.PageShift) - Core.Options.PageShift;
            for (ulong page = 0; page < 1UL << shift; page++)
                pages.Add(offset + page);
        }

        return [.. pages];
    }

    /// <summary>The chain of a page, first to last; checks the links on the way.</summary>
    public ulong[] Chain(ulong gfn = Gfn)
    {
        ulong word = Rmap(gfn);
        if ((word & RmapFormat.Present) == 0)
            return [];
        List<ulong> chain = [];
        uint head = (uint)(word & RmapFormat.Index);
        uint at = head;
        do
        {
            chain.Add(at);
            Assert.True((ulong)chain.Count <= Core.Table.Geometry.EntryCount, "the chain has no end");
            at = Core.Chains.Next(at);
        }
        while (at != head);
        return [.. chain];
    }

    public void CheckLocksAreFree()
    {
        for (ulong index = 0; index < Core.Table.Geometry.EntryCount; index++)
        {
            if ((Core.Table.LoadState(index) & HpteV.HvLock) != 0)
                Assert.Fail($"Entry 0x{index:X} is locked.");
        }

        for (ulong offset = 0; offset < Slot.PageCount; offset++)
        {
            if ((Slot.RmapOf(offset) & Core.Format.Lock) != 0)
                Assert.Fail($"The rmap word of page 0x{offset:X} is locked.");
        }
    }

    /// <summary>Every valid entry is in its page's chain, once, and nothing else is in any.</summary>
    public void CheckChains()
    {
        List<ulong> chained = [];
        for (ulong gfn = Slot.BaseGfn; gfn < Slot.BaseGfn + Slot.PageCount; gfn++)
        {
            foreach (ulong index in Chain(gfn))
            {
                Assert.Equal(gfn, Entry(index).PageSize!.Value.Gfn(GuestR(index), Core.Options.PageShift));
                chained.Add(index);
            }
        }

        chained.Sort();
        List<ulong> valid = [];
        for (ulong index = 0; index < Core.Table.Geometry.EntryCount; index++)
        {
            if ((Core.Table.LoadState(index) & HpteV.Valid) != 0)
                valid.Add(index);
        }

        Assert.Equal(valid, chained);
    }

    public void Dispose()
    {
        Core.Dispose();
        _memory.Dispose();
    }
}
