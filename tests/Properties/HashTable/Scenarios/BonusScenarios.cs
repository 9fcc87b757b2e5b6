using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.HashTable.HashScenario;
using static RingKit.Properties.HashTable.Scenarios.ScenarioCase;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>Devices, shared pages, small pages in one page of the host, a bulk answer, and a write by the host.</summary>
public sealed class BonusScenarios
{
    [Fact]
    public void Bonus_A_devices_entry_is_absent_with_key_31_and_in_no_bitmap() => InAll(Device);

    [Fact]
    public void Bonus_A_shared_page_is_read_only_until_a_store_faults() => InAll(SharedPage);

    [Fact]
    public void Bonus_Two_small_entries_share_one_page_of_the_host() => InAll(SmallPages);

    [Fact]
    public void Bonus_A_bulk_removal_answers_with_R_and_C() => InAll(BulkRemoval);

    [Fact]
    public void Bonus_H_page_init_marks_its_page() => InAll(PageInit);

    internal static void Device(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        const ulong r = (0x5000UL << 16) | 0x1192;
        Assert.Equal(HypercallStatus.Success, guest.Enter(r: r).Status);
        Assert.Equal(0x0000_0001_2345_6024UL, guest.Entry().V);
        Assert.Equal((31, r), (guest.Entry().Key, guest.GuestR()));
        Assert.False(guest.Thread.Store(HashScenario.Index));
        Assert.Equal(FaultOutcome.Mmio, guest.Fault(X, Dsisr.NoEntry | Dsisr.Store));
        Assert.True(guest.Entry().IsAbsent);
        Assert.Empty(at.Get(guest));
        Assert.Empty(at.Get(guest, vcpusRun: false));
    }

    internal static void SharedPage(ScenarioCase at)
    {
        using var guest = new HashScenario(at.Options with { BackingShift = 16 });
        guest.Slot.Host[Gfn] = HostPages<HardwareOrdering>.ReadOnly;
        guest.Enter(r: CleanR);
        Assert.Equal((3UL, 2UL), (guest.Entry().R & HpteR.Protection, guest.GuestR() & HpteR.Protection));
        Assert.False(guest.Thread.Store(HashScenario.Index));

        // No hypercall gives it away.
        guest.Protect(3);
        guest.Protect(2);
        Assert.False(guest.Thread.Store(HashScenario.Index));
        Assert.Empty(at.Get(guest, vcpusRun: false));
        Assert.Equal(FaultOutcome.HostHandler, guest.Fault(X, Dsisr.Protection | Dsisr.Store));
        Assert.Equal(0u, guest.Slot.Host[Gfn]);
        Assert.Empty(at.Get(guest));
        Assert.True(guest.Thread.Store(HashScenario.Index));
        Assert.Equal(PageOfX, at.Get(guest));
    }

    internal static void SmallPages(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        guest.Enter(0x10, 0x0000_0001_2345_6001, 0x42_0012);
        guest.Enter(0x20, 0x0000_0001_2345_7001, 0x42_1012);
        Assert.Equal([0x10, 0x20], guest.Chain());
        Assert.Equal(HostAddress | 0x1012, guest.Entry(0x20).R & ~HpteR.Referenced);
        Assert.True(guest.Thread.Store(0x20));
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.True(guest.Thread.Store(0x10));
        Assert.True(guest.Thread.Store(0x20));
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.Empty(at.Get(guest));
    }

    internal static void BulkRemoval(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        guest.Enter(r: CleanR);
        Assert.True(guest.Thread.Store(HashScenario.Index, late: true));
        ulong[] registers = [(1UL << 62) | 0x1A2A0, 0, 3UL << 62, 0, 0, 0, 0, 0];
        Assert.Equal(HypercallStatus.Success, guest.Core.BulkRemove(ref guest.Thread, registers));
        Assert.Equal(0x8C00_0000_0001_A2A0UL, registers[0]);
        Assert.Equal(0UL, guest.Entry().V);
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.Empty(at.Get(guest));
    }

    internal static void PageInit(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        Assert.Equal(HypercallStatus.Success, guest.Core.PageInit(ref guest.Thread, HypercallFlags.ZeroPage, 0x42_1000, 0));
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.Empty(at.Get(guest));
    }
}
