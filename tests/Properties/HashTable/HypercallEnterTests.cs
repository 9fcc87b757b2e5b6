using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_ENTER: what is in the table and the chains afterwards, and in which order its arguments are looked at.</summary>
public sealed class HypercallEnterTests
{
    private const ulong NoIndex = 1UL << 20;
    private const ulong NoSlot = 0x5000UL << 16;
    private const ulong BadSize = 0x2000;

    [Fact]
    public void The_entry_names_the_hosts_page_and_neither_r_nor_c_that_only_the_guest_has()
    {
        foreach (HashTableEra era in HashScenario.Eras)
        {
            using var scenario = new HashScenario(era);

            Assert.Equal(new HypercallResult(HypercallStatus.Success, HashScenario.Index), scenario.Enter());

            // The first release sets R in the rmap word before it looks there.
            ulong referenced = era == HashTableEra.FirstRelease ? HpteR.Referenced : 0;
            Assert.Equal(new Hpte(HashScenario.V, HashScenario.HostAddress | 0x1012 | referenced), scenario.Entry());
            Assert.Equal(HashScenario.R, scenario.GuestR());
            ulong type = era == HashTableEra.Current ? 1UL << 56 : 0;
            Assert.Equal(type | RmapFormat.Present | (referenced << 32) | HashScenario.Index, scenario.Rmap());
            Assert.Equal([HashScenario.Index], scenario.Chain());
        }
    }

    [Fact]
    public void Bits_of_the_hypervisor_are_not_the_guests_to_give()
    {
        using var scenario = new HashScenario();
        scenario.Enter(v: HashScenario.V | HpteV.HvLock | HpteV.Absent | HpteV.Bolted | HpteV.GuestLock, r: HashScenario.R | HpteR.Modified);
        Assert.Equal(HashScenario.V | HpteV.Bolted | HpteV.GuestLock, scenario.Entry().V);
        Assert.Equal(HashScenario.R, scenario.GuestR());

        scenario.Core.NotesModifications = true;
        scenario.Enter(HashScenario.Index + 1);
        Assert.Equal(HashScenario.R | HpteR.Modified, scenario.GuestR(HashScenario.Index + 1));
        Assert.Equal(HashScenario.R, scenario.Read(HashScenario.Index + 1).R);
    }

    [Fact]
    public void The_page_size_is_looked_at_before_the_index_and_the_index_after_the_page()
    {
        using var scenario = new HashScenario(HashScenario.Options() with { BackingShift = 16 });
        Assert.Equal(HypercallStatus.Parameter, scenario.Enter(NoIndex, r: (HashScenario.R & ~0xF000UL) | BadSize).Status);
        Assert.Equal(HypercallStatus.Parameter, scenario.Enter(NoIndex, r: 0x0100_0192).Status);
        Assert.Equal(HypercallStatus.Parameter, scenario.Enter(NoIndex, r: NoSlot | 0x1192).Status);
        Assert.Equal(HypercallStatus.Parameter, scenario.Enter(NoIndex).Status);
        Assert.Equal(HypercallStatus.Parameter, scenario.Enter(ulong.MaxValue, flags: 0).Status);

        // Each of them is refused for its own reason too, where the index is one.
        Assert.Equal(HypercallStatus.Parameter, scenario.Enter(r: (HashScenario.R & ~0xF000UL) | BadSize).Status);
        Assert.Equal(HypercallStatus.Parameter, scenario.Enter(r: 0x0100_0192).Status);

        // A full entry is noticed last.
        scenario.Enter();
        Assert.Equal(HypercallStatus.Parameter, scenario.Enter(r: (HashScenario.R & ~0xF000UL) | BadSize).Status);
        Assert.Equal(HypercallStatus.PtegFull, scenario.Enter().Status);
    }

    [Fact]
    public void A_large_page_needs_a_slot_and_a_host_page_of_its_size()
    {
        const ulong Large = 0x0100_0192;
        using (var scenario = new HashScenario())
        {
            Assert.Equal(HypercallStatus.Success, scenario.Enter(r: Large).Status);
            Assert.Equal((1UL << 46) + 0x0100_0000 | 0x12, scenario.Entry().R);
            Assert.Equal([HashScenario.Index], scenario.Chain(0x100));
        }

        using (var scenario = new HashScenario(HashScenario.Options() with { BackingShift = 16 }))
            Assert.Equal(HypercallStatus.Parameter, scenario.Enter(r: Large).Status);

        using (var scenario = new HashScenario(HashScenario.Options(), slotPages: 0x280))
        {
            Assert.Equal(HypercallStatus.Parameter, scenario.Enter(r: Large).Status);
            Assert.Equal(HypercallStatus.Success, scenario.Enter().Status);
        }
    }

    [Fact]
    public void Every_selector_keeps_its_place_in_the_hosts_word()
    {
        foreach (var size in (HptePageSize[])[new(12, 12), new(16, 16), new(12, 16), new(24, 24), new(16, 24), new(12, 24)])
        {
            using var scenario = new HashScenario();
            ulong v = size == HptePageSize.Small ? HashScenario.V & ~HpteV.Large : HashScenario.V;
            Assert.Equal(HypercallStatus.Success, scenario.Enter(v: v, r: 0x0200_0012 | size.Selector).Status);
            Assert.Equal(size, scenario.Entry().PageSize);
            Assert.Equal((1UL << 46) + 0x0200_0012 | size.Selector, scenario.Entry().R);
        }
    }

    [Fact]
    public void Small_pages_in_one_page_of_the_host_share_its_chain()
    {
        using var scenario = new HashScenario();
        scenario.Enter(0x10, HashScenario.V & ~HpteV.Large, 0x0042_0192);
        scenario.Enter(0x11, HashScenario.V & ~HpteV.Large, 0x0042_1192);
        Assert.Equal([0x10, 0x11], scenario.Chain());
        Assert.Equal(HashScenario.HostAddress | 0x0012, scenario.Entry(0x10).R);
        Assert.Equal(HashScenario.HostAddress | 0x1012, scenario.Entry(0x11).R);
    }

    [Fact]
    public void R_and_c_are_set_if_guest_and_host_both_have_them()
    {
        foreach (ulong host in (ulong[])[0, RmapFormat.Referenced, RmapFormat.Changed, RmapFormat.Referenced | RmapFormat.Changed])
        {
            foreach (ulong guest in (ulong[])[0, HpteR.Referenced, HpteR.Changed, HpteR.ReferencedChanged])
            {
                using var scenario = new HashScenario();
                scenario.Slot.RmapOf(HashScenario.Gfn) = host;
                scenario.Enter(r: (HashScenario.R & ~HpteR.ReferencedChanged) | guest);
                Assert.Equal(guest & (host >> 32), scenario.Entry().R & HpteR.ReferencedChanged);
                Assert.Equal(host, scenario.Rmap() & (RmapFormat.Referenced | RmapFormat.Changed));
            }
        }
    }

    [Fact]
    public void Another_mapping_of_the_same_page_keeps_what_is_known_of_it()
    {
        foreach (HashTableEra era in HashScenario.Eras)
            Assert.Equal(era == HashTableEra.FirstRelease ? [] : [HashScenario.Gfn], RecordAfterRemapping(era, HashTableDefects.None));
    }

    [Fact]
    public void Storing_the_whole_rmap_word_loses_a_page()
    {
        foreach (HashTableEra era in (HashTableEra[])[HashTableEra.ChangedBit, HashTableEra.ChangedOrder])
            Assert.Empty(RecordAfterRemapping(era, HashTableDefects.AddWipesChanged));
    }

    private static ulong[] RecordAfterRemapping(HashTableEra era, HashTableDefects defects)
    {
        using var scenario = new HashScenario(era, defects);
        scenario.Enter();
        scenario.Thread.Store(HashScenario.Index);
        scenario.Remove();
        scenario.Enter(0x20, 0x0000_0009_8765_4005, HashScenario.R & ~HpteR.ReferencedChanged);
        Assert.Equal([0x20], scenario.Chain());
        return scenario.HostRecord();
    }
}
