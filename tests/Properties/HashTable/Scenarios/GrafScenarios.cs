using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;
using static RingKit.Properties.HashTable.HashScenario;
using static RingKit.Properties.HashTable.Scenarios.ScenarioCase;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>The two questions of the review of 2011: is a page lost whose entry goes before the fetch, and can another mapping take its place?</summary>
public sealed class GrafScenarios
{
    [Fact]
    public void S1_A_removed_entry_still_reports_its_page() => InAll(S1);

    [Fact]
    public void S2_A_place_that_is_taken_is_not_overwritten() => InAll(S2);

    [Fact]
    public void S2_A_new_mapping_of_the_same_page_keeps_what_is_known_of_it() => InAll(S2SamePage);

    internal static void S1(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        Assert.Equal(new HypercallResult(HypercallStatus.Success, 0x1A2A0), guest.Enter());
        Assert.Equal(0x0000_0001_2345_6005UL, guest.Entry().V);

        // The first release set REFERENCED before it looked at the rmap word.
        Assert.Equal(HostAddress | (at.Era == HashTableEra.FirstRelease ? 0x1112UL : 0x1012), guest.Entry().R);
        Assert.Equal(0x42_1192UL, guest.GuestR());
        Assert.True(guest.Thread.Store(HashScenario.Index));
        Assert.Equal(HostAddress | 0x1192, guest.Entry().R);

        Assert.Equal(new HypercallResult(HypercallStatus.Success, 0x0000_0001_2345_6005, 0x42_1192), guest.Remove());
        Assert.Equal(new Hpte(0, HostAddress | 0x1192), guest.Entry());
        Assert.Equal(at.ByEra(0x0000_0180_0000_0000, 0x0010_0180_0000_0000, 0x0100_0180_0000_0000), guest.Rmap());
        Assert.Equal(at.Era == HashTableEra.Current ? 4UL : 0, guest.Slot.Changed.Look(1));

        byte[] bitmap = guest.GetBitmap(at.Method);
        Assert.Equal(4, bitmap[8]);
        Assert.Equal(PageOfX, Harvesting.HarvestRig.PagesOf(bitmap));
        Assert.Equal(at.ByEra(0x0000_0100_0000_0000, 0x0000_0100_0000_0000, 0x0100_0180_0000_0000), guest.Rmap());
        Assert.Empty(at.Get(guest));
        ChainInvariant.Check(guest.Core);
    }

    internal static void S2(ScenarioCase at)
    {
        const ulong other = 0x43_1012;
        using HashScenario guest = at.Guest();
        guest.Enter(r: CleanR);
        Assert.True(guest.Thread.Store(HashScenario.Index));
        Hpte before = guest.Entry();
        ulong rmap = guest.Rmap();
        Assert.Equal(-6, (int)guest.Enter(r: other).Status);
        Assert.Equal((before, CleanR, rmap, 0UL), (guest.Entry(), guest.GuestR(), guest.Rmap(), guest.Rmap(0x43)));

        guest.Remove();
        Assert.Equal(HypercallStatus.Success, guest.Enter(r: other).Status);
        Assert.Equal(other, guest.GuestR());
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.Empty(at.Get(guest));
        ChainInvariant.Check(guest.Core);
    }

    internal static void S2SamePage(ScenarioCase at)
    {
        const ulong y = 0x20;
        using HashScenario guest = at.Guest();
        guest.Enter(r: CleanR);
        Assert.True(guest.Thread.Store(HashScenario.Index));
        guest.Remove();
        Assert.Equal(HypercallStatus.Success, guest.Enter(y, 0x0000_0009_8765_4005, CleanR).Status);

        // The first release stored the whole word anew.
        bool wiped = at.Era == HashTableEra.FirstRelease;
        const ulong kept = RmapFormat.Present | RmapFormat.Referenced | y;
        Assert.Equal(
            wiped ? kept : kept | at.ByEra(0x0000_0080_0000_0000, 0x0010_0080_0000_0000, 0x0100_0080_0000_0000), guest.Rmap());
        Assert.Equal(wiped ? [] : PageOfX, at.Get(guest));
        Assert.Empty(at.Get(guest));
        ChainInvariant.Check(guest.Core);
    }
}
