using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>The log of faults: entries are read-only until their first store, and again from each harvest on.</summary>
public sealed class ReadOnlyLoggingTests
{
    private const ulong Large = 0x5000;

    [Fact]
    public void The_first_store_faults_and_no_other_until_the_harvest() => InAll(rig =>
    {
        rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
        Assert.False(rig.Table.Load(HarvestScenarios.X).IsWritable);
        Assert.Equal(HpteR.Pp & 2, rig.GuestR(HarvestScenarios.X) & HpteR.Pp);
        rig.Expect(0, HarvestMethod.Walk, []);
        for (int round = 0; round < 3; round++)
        {
            Assert.True(rig.StoreWithFault(HarvestScenarios.X));
            Assert.False(rig.StoreWithFault(HarvestScenarios.X));
            rig.Expect(0, HarvestMethod.Walk, [0x42]);
            Assert.Equal(HarvestScenarios.XV, rig.Table.Load(HarvestScenarios.X).V);
            Assert.False(rig.Table.Load(HarvestScenarios.X).IsWritable);
            Assert.Equal(HpteR.Changed, rig.GuestR(HarvestScenarios.X) & HpteR.Changed);
            rig.Expect(0, HarvestMethod.Walk, []);
            Assert.Equal(0UL, rig.LastCost.Tlbies);
        }
    });

    [Fact]
    public void All_entries_of_a_page_become_read_only_and_one_that_joins_a_recorded_page_is_not() => InAll(rig =>
    {
        rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
        rig.StoreWithFault(HarvestScenarios.X);
        rig.Enter(0x700, HarvestScenarios.XV + 0x80, HarvestScenarios.XR);
        Assert.True(rig.Table.Load(0x700).IsWritable);
        rig.Expect(0, HarvestMethod.Walk, [0x42]);
        Assert.Equal(2UL, rig.LastCost.Tlbies);
        Assert.False(rig.Table.Load(HarvestScenarios.X).IsWritable || rig.Table.Load(0x700).IsWritable);
    });

    [Fact]
    public void An_entry_that_is_removed_leaves_its_page_in_the_record() => InAll(rig =>
    {
        rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
        rig.StoreWithFault(HarvestScenarios.X);
        rig.Remove(HarvestScenarios.X);
        rig.Expect(0, HarvestMethod.Walk, [0x42]);
        rig.Expect(0, HarvestMethod.Walk, []);
    });

    [Fact]
    public void A_large_page_is_recorded_whole_and_protected_by_any_part_of_it() => InAll(rig =>
    {
        rig.Enter(Large, 0x0000000222200005, 0x0000000001000112);
        Assert.True(rig.StoreWithFault(Large));

        // A harvest may take a part of the record, the rest being marked behind it.
        rig.Core.Slots[0].Changed.Take(4);
        rig.Expect(0, HarvestMethod.Walk, HarvestScenarios.Pages(0x140, 192));
        Assert.False(rig.Table.Load(Large).IsWritable);
        Assert.True(rig.StoreWithFault(Large));
        rig.Expect(0, HarvestMethod.Walk, HarvestScenarios.Pages(0x100, 256));
        Assert.False(rig.Table.Load(Large).IsWritable);
    });

    [Fact]
    public void The_start_protects_and_the_stop_lets_be() => InAll(rig =>
    {
        HashSlot<HardwareOrdering> slot = rig.Core.Slots[0];
        slot.StopLogging();
        rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
        Assert.False(rig.StoreWithFault(HarvestScenarios.X));
        rig.StartLogging(0);
        Assert.False(rig.Table.Load(HarvestScenarios.X).IsWritable);
        rig.Expect(0, HarvestMethod.Walk, []);
        slot.StopLogging();
        Assert.True(rig.StoreWithFault(HarvestScenarios.X));
        rig.StartLogging(0);
        rig.Expect(0, HarvestMethod.Walk, []);
    });

    [Fact]
    public void A_locked_entry_is_waited_for_even_if_it_looks_read_only() => InAll(rig =>
    {
        rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
        rig.Core.Slots[0].Changed.Mark(0x42, 1);
        Assert.True(rig.Table.TryLock(HarvestScenarios.X));
        Hpte entry = rig.Table.Load(HarvestScenarios.X);
        rig.WhenWaiting = () =>
        {
            // A fault has looked at the record before the harvest took it.
            rig.WhenWaiting = null;
            Assert.Equal(0UL, rig.Rmap(0x42) & rig.Core.Format.Lock);
            rig.Table.StoreR(HarvestScenarios.X, entry with { R = (entry.R & ~HpteR.Protection) | 2 });
            rig.Table.Unlock(HarvestScenarios.X, entry.V);
        };
        rig.Expect(0, HarvestMethod.Walk, [0x42]);
        Assert.False(rig.Table.Load(HarvestScenarios.X).IsWritable);
    });

    [Fact]
    public void A_page_that_the_guest_may_not_write_stays_as_it_is() => InAll(rig =>
    {
        rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR | HpteR.PpReadOnly);
        ulong r = rig.Table.LoadR(HarvestScenarios.X);
        Assert.Equal(HpteR.PpReadOnly, r & HpteR.Protection);
        rig.Core.Slots[0].Changed.Mark(0x42, 1);
        rig.Expect(0, HarvestMethod.Walk, [0x42]);
        Assert.Equal(r, rig.Table.LoadR(HarvestScenarios.X));
        Assert.Equal(0, rig.Tlbies);
    });

    private static void InAll(Action<HarvestRig> scenario)
    {
        foreach (HashTableEra era in Enum.GetValues<HashTableEra>())
        {
            using var rig = new HarvestRig(HarvestScenarios.Options(era), (0, 4096));
            rig.Core.LogsByFaults = true;
            rig.StartLogging(0);
            scenario(rig);
            foreach (HashSlot<HardwareOrdering> slot in rig.Core.Slots)
                Assert.DoesNotContain(slot.Rmap.AsSpan().ToArray(), word => (word & rig.Core.Format.Lock) != 0);
        }
    }
}
