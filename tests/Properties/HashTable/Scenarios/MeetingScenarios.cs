using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Shadow;
using RingKit.Ordering;
using RingKit.Properties.HashTable.Harvesting;
using Xunit;
using static RingKit.Properties.HashTable.Scenarios.ScenarioCase;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>Past bugs that take another party in the middle of something: it steps in where the first one waits for a tlbie or a lock.</summary>
public sealed class MeetingScenarios
{
    private const ulong Other = 0x700;
    private const ulong OtherR = 0x0000_0000_0043_1012;

    [Fact]
    public void A_place_is_not_given_away_before_its_tlbie_has_returned() => InAll(PlaceDuringTlbie);

    [Fact]
    public void An_entry_that_is_removed_during_a_harvest_is_in_it_or_in_the_next() => InAll(RemovalDuringHarvest);

    [Fact]
    public void A_harvest_lets_go_of_an_entry_that_has_become_invalid() => InAll(InvalidInChain);

    [Fact]
    public void A_fault_that_began_before_a_resize_installs_nothing() => InAll(FaultDuringResize);

    [Fact]
    public void A_page_that_the_shadow_marks_during_a_fetch_is_in_the_next() => InAll(MapDuringFetch);

    // C of X comes with its tlbie, and is X's: the page that is entered meanwhile is clean.
    internal static void PlaceDuringTlbie(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        guest.Enter(r: CleanR);
        Assert.True(guest.Thread.Store(HashScenario.Index, late: true));
        guest.Thread.OnTlbie = () => Assert.Equal(HypercallStatus.Success, guest.Enter(r: OtherR, flags: 0).Status);
        guest.Remove();
        guest.Thread.OnTlbie = null;
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.Empty(at.Get(guest));
        ChainInvariant.Check(guest.Core);
    }

    // Two changed entries; while the harvest waits for the tlbie of the first, another vCPU removes the second.
    internal static void RemovalDuringHarvest(ScenarioCase at)
    {
        using HashScenario guest = at.Guest();
        guest.Enter(r: CleanR);
        guest.Enter(Other, HashScenario.V + 0x80, OtherR);
        Assert.True(guest.Thread.Store(HashScenario.Index));
        Assert.True(guest.Thread.Store(Other));
        bool removed = false;
        guest.Thread.OnTlbie = () =>
        {
            // A sweep has both at once: then nobody can.
            if (removed || guest.Entry(Other).IsLocked || (guest.Rmap(0x43) & guest.Core.Format.Lock) != 0)
                return;
            removed = true;
            guest.Remove(Other);
        };
        ulong[] first = at.Get(guest);
        guest.Thread.OnTlbie = null;
        ulong[] second = at.Get(guest);
        Assert.Equal(PageOfX, first.Except([0x43UL]));
        Assert.Equal([0x43], first.Concat(second).Except(PageOfX));
        Assert.Equal(removed, at.Method == HarvestMethod.Walk);
        ChainInvariant.Check(guest.Core);
    }

    internal static void InvalidInChain(ScenarioCase at) => HarvestScenarios.InvalidInChain(at.Era, at.Method, at.Defects);

    internal static void FaultDuringResize(ScenarioCase at)
    {
        using var machine = new FaultMachine(at.Options with { Order = 18, BackingShift = 16 });
        VirtualAddress higher = FaultMachine.X with { Vsid = FaultMachine.X.Vsid ^ 0x100 };
        machine.PageOut(1);
        ulong absent = machine.Enter(FaultMachine.X, 0x1_1192);
        Assert.True(absent < machine.Enter(higher, 0x2_1192));

        // The resize has passed the fault's entry and is at the next one when the fault goes on.
        FaultSnapshot snapshot = machine.Judge(FaultMachine.X, Dsisr.NoEntry).Snapshot;
        machine.WhenInvalidating = _ => Assert.Equal(PageFaultOutcome.Retry, machine.Handle(FaultMachine.X, Dsisr.NoEntry, snapshot));
        Assert.Equal(Errno.None, ResizeTests.Resize(machine, 19));
        ChainInvariant.Check(machine.Core);
    }

    // Book3S PR: while the second vCPU's translations are dropped, the first one's are done, and it maps a page.
    internal static void MapDuringFetch(ScenarioCase at)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 0x1000);
        using var core = new Book3sHvCore<HardwareOrdering>(memory, at.Options with { PageShift = 12, BackingShift = 12, Order = 18 });
        using var mmu = new ShadowMmuCore<HardwareOrdering>(memory, vcpuCount: 2, at.Defects);
        var thread = new ScenarioThread(core);
        mmu.StartLogging(ref thread, mmu.Slots[0]);
        Assert.NotNull(mmu.Map(ref thread, 1, page: 0x10, gfn: 5, mayWrite: true));
        ScenarioThread other = thread;
        thread.OnTlbie = () =>
        {
            other.OnTlbie = null;
            Assert.NotNull(mmu.Map(ref other, 0, page: 0x20, gfn: 9, mayWrite: true));
        };
        foreach (ulong page in (ulong[])[5, 9])
        {
            byte[] bitmap = new byte[512];
            Assert.Equal(Errno.None, mmu.GetDirtyLog(ref thread, 0, bitmap, out _));
            Assert.Equal([page], HarvestRig.PagesOf(bitmap));
        }
    }
}
