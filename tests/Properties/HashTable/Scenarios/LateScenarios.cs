using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;
using static RingKit.Properties.HashTable.Scenarios.ScenarioCase;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>C that a processor keeps until a tlbie, and C that the guest clears.</summary>
public sealed class LateScenarios
{
    [Fact]
    public void S3_Late_C_is_fetched_when_the_vcpus_have_stopped() => InAll(S3);

    [Fact]
    public void S3_By_the_rules_of_2011_late_C_is_missed() => InAll(S3Of2011);

    [Fact]
    public void S3_A_read_only_entry_needs_no_tlbie() => InAll(S3ReadOnly);

    [Fact]
    public void S6_H_protect_keeps_C_that_comes_with_its_tlbie() => InAll(S6);

    [Fact]
    public void S8_H_clear_mod_leaves_C_to_the_host_to_report_once() => InAll(S8);

    internal static void S3(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        Hpte before = StoreLate(guest);
        Assert.Empty(at.Get(guest));
        Assert.Equal((before, 0), (guest.Entry(), guest.Thread.Tlbies.Count));

        Assert.Equal(PageOfX, at.Get(guest, vcpusRun: false));
        Assert.Equal([HashScenario.Index], Assert.Single(guest.Thread.Tlbies));
        Assert.Equal(before with { R = before.R | HpteR.Referenced }, guest.Entry());
        Assert.Equal(CleanR | HpteR.Changed, guest.GuestR());
        Assert.Empty(at.Get(guest, vcpusRun: false));
    }

    internal static void S3Of2011(ScenarioCase at)
    {
        using var guest = new HashScenario(at.Options with { HarvestsThoroughly = false });
        StoreLate(guest);
        Assert.Empty(at.Get(guest));
        Assert.Empty(at.Get(guest, vcpusRun: false));
        Assert.Empty(guest.Thread.Tlbies);
    }

    internal static void S3ReadOnly(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        guest.Enter(r: CleanR | HpteR.PpReadOnly);
        Assert.True(guest.Thread.Load(HashScenario.Index, late: true));
        Assert.Empty(at.Get(guest, vcpusRun: false));
        Assert.Empty(guest.Thread.Tlbies);
    }

    internal static void S6(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        StoreLate(guest);
        Assert.Equal(HypercallStatus.Success, guest.Protect(3));
        Assert.Equal(3UL, guest.Entry().R & HpteR.Protection);
        Assert.True(guest.Entry().IsChanged);
        Assert.Equal(PageOfX, at.Get(guest));

        // Back to read-write: in the guest's view at once, in the table by a fault.
        Assert.Equal(HypercallStatus.Success, guest.Protect(2));
        Assert.Equal((2UL, 2UL, 3UL), (guest.GuestR() & HpteR.Protection, guest.Read().R & HpteR.Protection, guest.Entry().R & HpteR.Protection));
        Assert.False(guest.Thread.Store(HashScenario.Index));
        Assert.Equal(FaultOutcome.HostHandler, guest.Fault(X, Dsisr.Protection | Dsisr.Store));
        Assert.True(guest.Thread.Store(HashScenario.Index));
        Assert.Equal(PageOfX, at.Get(guest));
        ChainInvariant.Check(guest.Core);
    }

    internal static void S8(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        guest.Enter();
        Assert.True(guest.Thread.Store(HashScenario.Index));
        if (at.Era < HashTableEra.ChangedOrder)
        {
            Assert.Equal(HypercallStatus.Function, guest.Core.ClearModified(ref guest.Thread, HashScenario.Index).Status);
            return;
        }

        Assert.Equal(new HypercallResult(HypercallStatus.Success, 0x42_1192), guest.Core.ClearModified(ref guest.Thread, HashScenario.Index));
        Assert.Equal(0UL, (guest.GuestR() | guest.Entry().R | guest.Read().R) & HpteR.Changed);
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.Empty(at.Get(guest));
        Assert.Equal(new HypercallResult(HypercallStatus.Success, 0x42_1112), guest.Core.ClearModified(ref guest.Thread, HashScenario.Index));
        Assert.Empty(at.Get(guest));
        ChainInvariant.Check(guest.Core);
    }

    private static Hpte StoreLate(HashScenario guest)
    {
        guest.Enter(r: CleanR);
        Hpte entry = guest.Entry();
        Assert.True(guest.Thread.Store(HashScenario.Index, late: true));
        Assert.Equal(entry, guest.Entry());
        return entry;
    }
}
