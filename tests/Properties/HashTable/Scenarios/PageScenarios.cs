using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Properties.HashTable.Harvesting;
using Xunit;
using static RingKit.Properties.HashTable.HashScenario;
using static RingKit.Properties.HashTable.Scenarios.ScenarioCase;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>Large pages, and pages that the host takes away.</summary>
public sealed class PageScenarios
{
    private const ulong Large = 0x5000;
    private const ulong LargeV = 0x0000_0002_2220_0005;
    private const ulong LargeR = 0x0000_0000_0100_0112;

    [Fact]
    public void S4_All_of_a_large_page_is_reported() => InAll(S4);

    [Fact]
    public void S4_A_large_page_that_was_removed_is_known_by_the_eras_in_their_ways() => InAll(S4Removed);

    [Fact]
    public void S4_A_large_page_is_4096_pages_of_4_KiB() => InAll(S4SmallHostPages);

    [Fact]
    public void S4_A_host_without_large_pages_refuses_one() => InAll(S4Refused);

    [Fact]
    public void S5_A_page_that_the_host_took_away_is_reported() => InAll(S5);

    internal static void S4(ScenarioCase at)
    {
        foreach (bool thorough in (bool[])[true, false])
        {
            using var guest = new HashScenario(at.Options with { HarvestsThoroughly = thorough });
            EnterAndStore(guest);
            Assert.Equal(HarvestScenarios.Pages(0x100, thorough ? 256UL : 1), at.Get(guest));
            Assert.Empty(at.Get(guest));
        }
    }

    internal static void S4Removed(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        EnterAndStore(guest);
        guest.Remove(Large);
        Assert.Equal(at.ByEra(0x0000_0180_0000_0000, 0x0018_0180_0000_0000, 0x0100_0180_0000_0000), guest.Rmap(0x100));
        Assert.Equal(HarvestScenarios.Pages(0x100, at.ByEra(1, 256, 256)), at.Get(guest));
        Assert.Empty(at.Get(guest));
    }

    internal static void S4SmallHostPages(ScenarioCase at)
    {
        using var guest = new HashScenario(at.Options with { PageShift = 12 }, slotPages: 0x4000);
        EnterAndStore(guest);
        Assert.Equal(HarvestScenarios.Pages(0x1000, 4096), at.Get(guest));
        Assert.True(guest.Thread.Store(Large));
        guest.Remove(Large);
        Assert.Equal(HarvestScenarios.Pages(0x1000, at.ByEra(1, 4096, 4096)), at.Get(guest));
        Assert.Empty(at.Get(guest));
    }

    internal static void S4Refused(ScenarioCase at)
    {
        using var guest = new HashScenario(at.Options with { BackingShift = 16 });
        Assert.Equal(HypercallStatus.Parameter, guest.Enter(Large, LargeV, LargeR).Status);
        Assert.Equal(default, guest.Entry(Large));
        Assert.Empty(at.Get(guest, vcpusRun: false));
    }

    internal static void S5(ScenarioCase at)
    {
        using var guest = new HashScenario(at.Options with { BackingShift = 16 });
        guest.Enter();
        Assert.True(guest.Thread.Store(HashScenario.Index));
        Assert.Equal(1UL, guest.Core.PageOut(ref guest.Thread, Gfn));
        Assert.Equal(new Hpte(0x0000_0001_2345_6024, HostAddress | 0x1192), guest.Entry());
        Assert.Equal((R, 0), (guest.GuestR(), guest.Entry().Key));
        Assert.Equal(at.ByEra(0x0000_0180_0000_0000, 0x0010_0180_0000_0000, 0x0100_0180_0000_0000), guest.Rmap());
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.Empty(at.Get(guest, vcpusRun: false));

        // The guest loads from it. The host of today remembers C, and so does the guest's word: C without a store.
        Assert.False(guest.Thread.Load(HashScenario.Index));
        Assert.Equal(FaultOutcome.HostHandler, guest.Fault(X, Dsisr.NoEntry));
        Assert.Equal(V, guest.Entry().V);
        Assert.True(guest.Thread.Load(HashScenario.Index));
        bool sticky = at.Era == HashTableEra.Current;
        Assert.Equal(HostAddress | (sticky ? 0x1192UL : 0x1112), guest.Entry().R);
        Assert.Equal(sticky ? PageOfX : [], at.Get(guest));
        Assert.Empty(at.Get(guest));
        ChainInvariant.Check(guest.Core);
    }

    // The store is at 0x1ABCDEF, the entry's C is for all of its page.
    private static void EnterAndStore(HashScenario guest)
    {
        Assert.Equal(HypercallStatus.Success, guest.Enter(Large, LargeV, LargeR).Status);
        Assert.True(guest.Thread.Store(Large));
    }
}
