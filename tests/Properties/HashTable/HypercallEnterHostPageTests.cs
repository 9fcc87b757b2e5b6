using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_ENTER: what the host's page makes of the entry: one that is out, read-only, a device's, or none.</summary>
public sealed class HypercallEnterHostPageTests
{
    private const ulong NoSlot = 0x5000UL << 16;

    [Fact]
    public void A_page_that_no_slot_holds_is_absent_with_key_31()
    {
        using var scenario = new HashScenario();
        ulong device = NoSlot | 0x1032;
        Assert.Equal(HypercallStatus.Success, scenario.Enter(r: device).Status);
        Assert.Equal(new Hpte((HashScenario.V & ~HpteV.Valid) | HpteV.Absent, device | HpteR.Key), scenario.Entry());
        Assert.Equal(31, scenario.Entry().Key);
        Assert.Equal(new Hpte(HashScenario.V, device), scenario.Read());
        Assert.Equal(HypercallStatus.PtegFull, scenario.Enter().Status);
    }

    [Fact]
    public void A_page_that_the_host_does_not_have_is_absent_with_key_0()
    {
        using var scenario = new HashScenario();
        scenario.Slot.Host[HashScenario.Gfn] = HostPages<HardwareOrdering>.NotPresent;
        ulong key = HpteR.KeyHigh | 0x200;
        Assert.Equal(HypercallStatus.Success, scenario.Enter(r: HashScenario.R | key).Status);
        Assert.Equal(new Hpte(0x0000_0001_2345_6024, 0x1192), scenario.Entry());
        Assert.Equal(HashScenario.R | key, scenario.GuestR());
        Assert.Equal(0ul, scenario.Rmap());
        Assert.Equal(new Hpte(HashScenario.V, HashScenario.R | key), scenario.Read());
    }

    [Fact]
    public void A_page_that_the_host_may_not_write_is_read_only()
    {
        using var scenario = new HashScenario();
        scenario.Slot.Host[HashScenario.Gfn] = HostPages<HardwareOrdering>.ReadOnly;
        foreach ((ulong protection, ulong real) in ((ulong, ulong)[])
            [
                (0, HpteR.PpSupervisorReadOnly), (1, 3), (2, 3), (3, 3),
                (HpteR.Pp0 | 0, HpteR.PpSupervisorReadOnly), (HpteR.Pp0 | 1, HpteR.PpSupervisorReadOnly),
                (HpteR.Pp0 | 2, HpteR.PpSupervisorReadOnly), (HpteR.Pp0 | 3, HpteR.PpSupervisorReadOnly),
            ])
        {
            ulong r = (HashScenario.R & ~HpteR.Protection) | protection;
            Assert.Equal(HypercallStatus.Success, scenario.Enter(r: r).Status);
            Assert.Equal(real, scenario.Entry().R & HpteR.Protection);
            Assert.False(scenario.Entry().IsWritable);
            Assert.Equal(r, scenario.GuestR());
            scenario.Remove();
        }
    }

    [Fact]
    public void Memory_is_coherent_whatever_the_guest_says_and_a_devices_page_is_not_cached()
    {
        using var scenario = new HashScenario();
        for (ulong wimg = 0; wimg <= HpteR.Wimg; wimg += HpteR.Guarded)
        {
            ulong r = (HashScenario.R & ~HpteR.Wimg) | wimg;
            scenario.Slot.Host[HashScenario.Gfn] = 0;
            Assert.Equal(HypercallStatus.Success, scenario.Enter(r: r).Status);
            const ulong StrongOrder = HpteR.WriteThrough | HpteR.CachingInhibited | HpteR.Coherent;
            Assert.Equal(wimg == StrongOrder ? StrongOrder : HpteR.Coherent, scenario.Entry().R & HpteR.Wimg);
            scenario.Remove();

            scenario.Slot.Host[HashScenario.Gfn] = HostPages<HardwareOrdering>.CachingInhibited;
            bool fits = (wimg & (HpteR.WriteThrough | HpteR.CachingInhibited)) == HpteR.CachingInhibited;
            Assert.Equal(fits ? HypercallStatus.Success : HypercallStatus.Parameter, scenario.Enter(r: r).Status);
            if (fits)
                Assert.Equal(wimg, scenario.Entry().R & HpteR.Wimg);
            scenario.Remove();
        }
    }

    [Fact]
    public void A_page_that_the_host_takes_away_meanwhile_is_absent()
    {
        using var scenario = new HashScenario();
        ulong key = HpteR.KeyHigh;

        // Another thread has the rmap word, from before the look at the page until it has counted.
        scenario.Slot.RmapOf(HashScenario.Gfn) = scenario.Core.Format.Lock;
        scenario.Thread.OnRelax = () =>
        {
            scenario.Core.CountInvalidation();
            scenario.Slot.RmapOf(HashScenario.Gfn) = 0;
        };
        Assert.Equal(HypercallStatus.Success, scenario.Enter(r: HashScenario.R | key).Status);
        Assert.Equal(0x0000_0001_2345_6024ul, scenario.Entry().V);
        Assert.Equal(0, scenario.Entry().Key);
        Assert.Equal(HashScenario.R | key, scenario.GuestR());
        Assert.Equal(0ul, scenario.Rmap());
    }
}
