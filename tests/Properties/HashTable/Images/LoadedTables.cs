using System.Runtime.InteropServices;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Images;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using RingKit.Properties.HashTable.Harvesting;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Images;

/// <summary>Tables from elsewhere become a guest's, with reverse map and both views; what is saved is what was loaded; bad ones change nothing.</summary>
public sealed class LoadedTables
{
    private const int Order = 22;
    private const ulong MemoryBytes = 512UL << 20;

    public static IEnumerable<TheoryDataRow<int, HashTableEra, bool>> Hosts =>
    [
        (16, HashTableEra.Current, false),
        (12, HashTableEra.Current, true),
        (16, HashTableEra.ChangedBit, false),
        (12, HashTableEra.ChangedOrder, false),
    ];

    [Theory]
    [MemberData(nameof(Hosts))]
    public void A_real_table_gets_its_reverse_map_and_is_harvested_by_every_method_alike(int pageShift, HashTableEra era, bool isa30)
    {
        using HashedPageTable image = Dump();
        ulong[] changed = ChangedPages(image, pageShift);
        foreach (HarvestMethod method in Enum.GetValues<HarvestMethod>())
        {
            using HarvestRig rig = Rig(pageShift, era, isa30);
            rig.StartLogging(0);
            Assert.Equal(new LoadAnswer(Errno.None, 9_415), Load(rig, image, keepsChanged: true));
            CheckAgainst(rig, image);
            rig.Expect(0, method, changed);
            rig.Expect(0, method, []);
            CheckAgainst(rig, image);
        }
    }

    [Fact]
    public void As_kvm_loads_it_no_page_is_dirty_before_a_store()
    {
        using HashedPageTable image = Dump();
        ulong[] changed = ChangedPages(image, pageShift: 16);
        foreach (HarvestMethod method in Enum.GetValues<HarvestMethod>())
        {
            using HarvestRig rig = Rig(16);
            rig.StartLogging(0);
            Load(rig, image, keepsChanged: false);
            rig.Expect(0, method, []);
            using (var real = new HashedPageTable(rig.Table.View))
                Assert.Equal(0ul, HptStatistics.Of(real).Referenced);
            CheckAgainst(rig, image);

            for (ulong index = 0; index < image.EntryCount; index++)
            {
                if (rig.Table.Load(index).IsValid && image[index].IsChanged)
                    rig.Store(index);
            }

            rig.Expect(0, method, changed);
        }
    }

    [Fact]
    public void Chains_are_in_the_order_of_indices_and_entries_of_no_slot_are_a_devices()
    {
        using HashedPageTable image = Dump();
        const ulong Half = MemoryBytes / 2;
        using HarvestRig rig = Rig(16, memoryBytes: Half);
        Load(rig, image, keepsChanged: false);
        ChainInvariant.Check(rig.Core);
        var expected = new Dictionary<ulong, List<uint>>();
        int devices = 0;
        for (uint index = 0; index < image.EntryCount; index++)
        {
            Hpte entry = image[index];
            if (!entry.IsValid)
                continue;
            ulong gfn = entry.PageSize!.Value.Gfn(entry.R, 16);
            if (gfn >= Half >> 16)
            {
                devices++;
                Assert.True(rig.Table.Load(index) is { IsValid: false, IsAbsent: true, Key: 31 });
                continue;
            }

            if (!expected.TryGetValue(gfn, out List<uint>? chain))
                expected.Add(gfn, chain = []);
            chain.Add(index);
        }

        Assert.True(devices > 1000);
        ulong pages = 0;
        for (ulong gfn = 0; gfn < Half >> 16; gfn++)
        {
            ulong word = rig.Rmap(gfn);
            if (!expected.TryGetValue(gfn, out List<uint>? chain))
            {
                Assert.Equal(0ul, word & RmapFormat.Present);
                continue;
            }

            pages++;
            uint index = (uint)(word & RmapFormat.Index);
            foreach (uint next in chain)
            {
                Assert.Equal(next, index);
                index = rig.Core.Chains.Next(index);
            }

            Assert.Equal((uint)(word & RmapFormat.Index), index);
        }

        Report.Line($"{expected.Values.Sum(chain => chain.Count)} entries in {pages} chains, the longest of {expected.Values.Max(chain => chain.Count)}; {devices} of devices");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_saved_is_what_was_loaded_also_over_another_table(bool throughKvmsStream)
    {
        using HashedPageTable image = Dump();
        using HashedPageTable other = TableFiles.RandomTable(new Random(7), Order);
        using HarvestRig rig = Rig(16);
        for (ulong index = 0; index < other.EntryCount; index++)
        {
            // Of the random words what H_ENTER takes: small pages within the memory.
            if (other[index].IsPresent)
                other[index] = new Hpte((other[index].V | HpteV.Valid) & ~(HpteV.Absent | HpteV.Large), other[index].R & 0x1FFF_FFFF & ~HpteR.Wimg);
        }

        Assert.Equal(Errno.None, Load(rig, other, keepsChanged: true).Error);
        ChainInvariant.Check(rig.Core);
        var thread = new HarvestRig.Thread(rig);
        using (HashedPageTable first = rig.Core.SaveTable(ref thread))
            Assert.Equal(TableFiles.AsStreamed(other), TableFiles.BytesOf(first));

        using HashedPageTable second = throughKvmsStream ? HtabStreamReader.Read(new MemoryStream(TableFiles.KvmStream(image))) : Dump();
        Assert.Equal(9_415ul, Load(rig, second, keepsChanged: false).Entries);
        ChainInvariant.Check(rig.Core);
        using HashedPageTable saved = rig.Core.SaveTable(ref thread);
        Assert.Equal(TableFiles.AsStreamed(image), TableFiles.BytesOf(saved));
    }

    [Fact]
    public void C_that_the_processors_set_is_in_what_is_saved_and_stays_for_the_log()
    {
        using HarvestRig rig = Rig(16);
        using var image = new HashedPageTable(Order) { [HashScenario.Index] = new Hpte(HashScenario.V, HashScenario.R & ~HpteR.ReferencedChanged) };
        rig.Core.NotesModifications = true;
        rig.StartLogging(0);
        Load(rig, image, keepsChanged: false);
        Assert.NotEqual(0ul, rig.GuestR(HashScenario.Index) & HpteR.Modified);
        rig.Store(HashScenario.Index);
        var thread = new HarvestRig.Thread(rig);
        using HashedPageTable saved = rig.Core.SaveTable(ref thread);
        Assert.Equal(new Hpte(HashScenario.V, HashScenario.R), saved[HashScenario.Index]);
        Assert.Equal(HashScenario.R, rig.GuestR(HashScenario.Index));
        rig.Expect(0, HarvestMethod.Sweep, [HashScenario.Gfn]);
    }

    [Fact]
    public void A_bad_image_changes_nothing()
    {
        using HarvestRig rig = Rig(16);
        using HashedPageTable image = Dump();
        Load(rig, image, keepsChanged: true);
        byte[] table = TableFiles.BytesOf(new HashedPageTable(rig.Table.View)), rmap = RmapBytes(rig);

        using var smaller = new HashedPageTable(Order - 1);
        Assert.Equal(new LoadAnswer(Errno.Invalid), Load(rig, smaller, keepsChanged: false));
        var thread = new HarvestRig.Thread(rig);
        Assert.Equal(new LoadAnswer(Errno.Busy), rig.Core.LoadTable(ref thread, image, keepsChanged: false, vcpusRun: true));

        // Of no page size, and of a page that the host has not behind it; the last entry is not too late.
        foreach (ulong at in (ulong[])[0, 7, image.EntryCount - 1])
        {
            Hpte whole = image[at];
            image[at] = new Hpte(HpteV.Valid | HpteV.Large, 0xF000);
            Assert.Equal(new LoadAnswer(Errno.Invalid, 0, at), Load(rig, image, keepsChanged: false));
            image[at] = new Hpte(HpteV.Absent | HpteV.Large, 0);
            Assert.Equal(new LoadAnswer(Errno.InputOutput, 0, at), Load(rig, image, keepsChanged: true));
            image[at] = whole;
        }

        byte[] stream = TableFiles.KvmStream(image);
        TableFiles.AssertRefused(() => HtabStreamReader.Read(new MemoryStream(stream[..^5])), stream.Length, "cut off");
        Assert.Equal(table, TableFiles.BytesOf(new HashedPageTable(rig.Table.View)));
        Assert.Equal(rmap, RmapBytes(rig));
        CheckAgainst(rig, image);
    }

    [Theory]
    [InlineData(HashTableLogMethod.Walk)]
    [InlineData(HashTableLogMethod.Sweep)]
    [InlineData(HashTableLogMethod.Cheapest)]
    [InlineData(HashTableLogMethod.Faults)]
    public void A_machine_loads_a_table_and_its_log_reports_what_was_changed(HashTableLogMethod method)
    {
        using HashedPageTable image = Dump();
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, MemoryBytes >> GuestPage.Shift);
        using var machine = new VirtualMachine(memory, 2, new HashTableOptions { Order = Order, PageShift = 16, GuestPageSize = HptePageSize.Medium });
        using var log = new HashTableDirtyLog(machine, method);
        log.Start();
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu =>
        {
            Assert.Equal(new LoadAnswer(Errno.Busy), machine.HashTable!.LoadTable(image));
            return vcpu.Store(0x42_0008, 1ul);
        }));

        Assert.Equal(new LoadAnswer(Errno.None, 9_415), machine.HashTable!.LoadTable(image, keepsChanged: true));
        using (HashedPageTable saved = machine.HashTable.SaveTable())
            Assert.Equal(TableFiles.AsStreamed(image), TableFiles.BytesOf(saved));
        Assert.Equal(ChangedPages(image, GuestPage.Shift), DirtySet.Harvest(log).Select(page => page.Offset));
        Assert.Empty(DirtySet.Harvest(log));

        // The guest goes on: its own addresses are not in the image, and get entries beside it.
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[1], vcpu => vcpu.Store(0x42_0008, 2ul)));
        Assert.Equal(16, DirtySet.Harvest(log).Count);
        ChainInvariant.Check(machine.HashTable.Core);
        image.Dispose();
        Assert.Throws<ObjectDisposedException>(() => machine.HashTable.LoadTable(image));
        Assert.Throws<ArgumentNullException>("image", () => machine.HashTable.LoadTable(null!));
    }

    private static HarvestRig Rig(int pageShift, HashTableEra era = HashTableEra.Current, bool isa30 = false, ulong memoryBytes = MemoryBytes) => new(
        new HashTableOptions { Order = Order, PageShift = pageShift, BackingShift = 16, Era = era, Isa30 = isa30 }, (0, memoryBytes >> pageShift));

    private static HashedPageTable Dump() => RawTableReader.Read(new MemoryStream(TableFiles.Unpacked(TableFiles.DebianDump)));

    private static LoadAnswer Load(HarvestRig rig, HashedPageTable image, bool keepsChanged)
    {
        var thread = new HarvestRig.Thread(rig);
        return rig.Core.LoadTable(ref thread, image, keepsChanged, vcpusRun: false);
    }

    // The pages within the memory that the image's own words name as changed.
    private static ulong[] ChangedPages(HashedPageTable image, int pageShift)
    {
        var pages = new SortedSet<ulong>();
        for (ulong index = 0; index < image.EntryCount; index++)
        {
            Hpte entry = image[index];
            ulong address = entry.R & HpteR.Rpn & ~0xFFFFUL;
            if (!entry.IsValid || !entry.IsChanged || address >= MemoryBytes)
                continue;
            for (ulong page = 0; page < 0x1_0000UL >> pageShift; page++)
                pages.Add((address >> pageShift) + page);
        }

        return [.. pages];
    }

    // The guest's view is the image's, and everything else is whole.
    private static void CheckAgainst(HarvestRig rig, HashedPageTable image)
    {
        ChainInvariant.Check(rig.Core);
        Span<ulong> shown = stackalloc ulong[2];
        for (ulong index = 0; index < image.EntryCount; index++)
        {
            Hpte entry = image[index];
            if (!entry.IsPresent)
            {
                if (rig.Table.Load(index).IsPresent)
                    Assert.Fail($"There is an entry at 0x{index:X}, and none in the image.");
                continue;
            }

            Assert.Equal(HypercallStatus.Success, rig.Core.Read(flags: 0, index, shown));
            Assert.Equal(entry, new Hpte(shown[0], shown[1]));
            Assert.Equal(entry.R, rig.GuestR(index));
        }

        using var real = new HashedPageTable(rig.Table.View, rig.Table.IsIsa30);
        var counts = HptStatistics.Of(real);
        Assert.Equal(9_415ul, counts.Valid + counts.Absent);
        Assert.Equal(0ul, counts.OfNoPageSize);
    }

    private static byte[] RmapBytes(HarvestRig rig) =>
        MemoryMarshal.AsBytes(rig.Core.Slots[0].Rmap.AsSpan()).ToArray();
}
