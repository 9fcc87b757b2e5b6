using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;
using static RingKit.Properties.HashTable.Scenarios.ScenarioCase;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>A harvest that meets another thread, and one that meets another slot.</summary>
public sealed class LockScenarios
{
    private static readonly ulong[] Chain = [0x300, 0x301, 0x302];

    [Fact]
    public void S7_A_harvest_waits_for_a_locked_entry_with_empty_hands() => InAll(S7);

    [Fact]
    public void S7_While_it_waits_the_holder_can_remove_the_entry() => InAll(S7Removed);

    [Fact]
    public void S9_Each_slot_gets_its_own_page() => InAll(S9);

    [Fact]
    public void S9_A_slot_that_does_not_log_keeps_C() => InAll(S9OneLogs);

    internal static void S7(ScenarioCase at) => Meet(at, removes: false);

    internal static void S7Removed(ScenarioCase at) => Meet(at, removes: true);

    internal static void S9(ScenarioCase at)
    {
        using HashScenario guest = TwoSlots(at);
        guest.Core.Slots[1].Logs = true;
        Assert.Equal(PageOfX, at.Get(guest));

        // A sweep has met B's entry as well, and keeps it for B's own harvest.
        bool swept = at.Method == HarvestMethod.Sweep;
        Assert.Equal(!swept, guest.Entry(Chain[0]).IsChanged);
        Assert.Equal(swept ? 1UL << 5 : 0, guest.Core.Slots[1].Changed.Look(0));
        Assert.Equal([5], at.Get(guest, slot: 1));
        Assert.Empty(at.Get(guest, slot: 1));
        Assert.Empty(at.Get(guest));
    }

    internal static void S9OneLogs(ScenarioCase at)
    {
        using HashScenario guest = TwoSlots(at);
        Assert.Equal(PageOfX, at.Get(guest));
        Assert.False(guest.Entry().IsChanged);
        Assert.True(guest.Entry(Chain[0]).IsChanged);
        if (at.Era >= HashTableEra.ChangedOrder)
            Assert.Equal(HpteR.Changed, guest.Core.ClearModified(ref guest.Thread, Chain[0]).R4 & HpteR.Changed);
    }

    private static void Meet(ScenarioCase at, bool removes)
    {
        using HashScenario guest = at.Guest();
        foreach (ulong index in Chain)
            guest.Enter(index, HashScenario.V + ((index - Chain[0]) << 7), CleanR);
        Assert.Equal(Chain, guest.Chain());
        Assert.True(guest.Thread.Store(Chain[0]));
        Assert.True(guest.Thread.Store(Chain[2]));

        // Another thread has the third entry when the harvest comes there, and lets go of it while the harvest waits.
        Assert.True(guest.Core.Table.TryLock(Chain[2]));
        ulong v = guest.Entry(Chain[2]).V;
        int waits = 0;
        guest.Thread.OnRelax = () =>
        {
            waits++;
            Assert.Equal(0UL, guest.Rmap() & guest.Core.Format.Lock);
            Assert.False(guest.Entry(Chain[0]).IsLocked || guest.Entry(Chain[0]).IsChanged);
            guest.Core.Table.Unlock(Chain[2], v);
            if (removes)
                Assert.Equal(HypercallStatus.Success, guest.Remove(Chain[2]).Status);
        };

        Assert.Equal(PageOfX, at.Get(guest));
        Assert.Equal(1, waits);
        Assert.Equal(CleanR | HpteR.Changed, guest.GuestR(Chain[0]) & ~HpteR.Referenced);
        Assert.Equal(CleanR, guest.GuestR(Chain[1]));
        Assert.Equal(CleanR | HpteR.Changed, guest.GuestR(Chain[2]) & ~HpteR.Referenced);
        Assert.False(guest.Entry(Chain[0]).IsChanged || (!removes && guest.Entry(Chain[2]).IsChanged));
        Assert.Equal(removes ? Chain[..2] : Chain, guest.Chain());
        guest.Thread.OnRelax = null;
        Assert.Empty(at.Get(guest));
        ChainInvariant.Check(guest.Core);
    }

    // X in slot A, and an entry of page 0x2005 in slot B, both stored to.
    private static HashScenario TwoSlots(ScenarioCase at)
    {
        var guest = new HashScenario(at.Options, [(0, 0x1000), (0x2000, 0x1000)]);
        guest.Enter(r: CleanR);
        guest.Enter(Chain[0], HashScenario.V + 0x80, 0x0000_0000_2005_1012);
        Assert.True(guest.Thread.Store(HashScenario.Index));
        Assert.True(guest.Thread.Store(Chain[0]));
        return guest;
    }
}
