using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_PROTECT: the guest's word at once, the table's word never with more rights.</summary>
public sealed class HypercallProtectTests
{
    private const ulong ReadOnly = 3;
    private const ulong ReadWrite = 2;

    [Fact]
    public void Protection_and_key_come_from_the_flags_to_their_places()
    {
        using var scenario = new HashScenario();
        scenario.Enter();
        (ulong Flags, ulong Guest)[] cases =
        [
            (0, 0),
            (1UL << 8, HpteR.Pp0),
            (1UL << 13, 1UL << 61),
            (1UL << 12, 1UL << 60),
            (1UL << 11, 1UL << 11),
            (7, 7),
            (0x3F07, HpteR.Pp0 | HpteR.Key | 7),
            (~HypercallFlags.Avpn, HpteR.Pp0 | HpteR.Key | 7),
        ];
        foreach ((ulong flags, ulong guest) in cases)
        {
            Assert.Equal(HypercallStatus.Success, scenario.Protect(flags));
            Assert.Equal((HashScenario.R & ~ReadOnly) | guest, scenario.GuestR());
            Assert.Equal(scenario.GuestR(), scenario.Read().R);
            const ulong NotProtection = HpteR.Key | HpteR.NoExecute;
            Assert.Equal(guest & NotProtection, scenario.Entry().R & NotProtection);
            Assert.Equal(HashScenario.V, scenario.Entry().V);
        }
    }

    [Fact]
    public void An_entry_that_is_not_meant_is_left_as_it_is()
    {
        using var scenario = new HashScenario();
        Assert.Equal(HypercallStatus.Parameter, scenario.Protect(0, 1UL << 17));
        Assert.Equal(HypercallStatus.NotFound, scenario.Protect(0));
        scenario.Enter();
        Hpte before = scenario.Entry();
        Assert.Equal(HypercallStatus.NotFound, scenario.Protect(HypercallFlags.Avpn | ReadOnly, avpn: HashScenario.V));
        Assert.Equal(before, scenario.Entry());
        Assert.Equal(HypercallStatus.Success, scenario.Protect(HypercallFlags.Avpn | ReadOnly, avpn: HashScenario.V & ~0x7FUL));
        Assert.False(scenario.Entry().IsWritable);

        // It has no other condition.
        Assert.Equal(HypercallStatus.Success, scenario.Protect(HypercallFlags.AndCondition, avpn: ulong.MaxValue));
        scenario.CheckLocksAreFree();
    }

    [Fact]
    public void C_that_comes_with_the_tlbie_stays_in_the_entry()
    {
        Hpte entry = ProtectAfterLateStore(HashTableDefects.None);
        Assert.Equal(ReadOnly, entry.R & HpteR.Protection);
        Assert.True(entry.IsChanged);
    }

    [Fact]
    public void Storing_back_c_from_before_the_tlbie_loses_a_page() =>
        Assert.False(ProtectAfterLateStore(HashTableDefects.ProtectReadsEarly).IsChanged);

    [Fact]
    public void An_entry_does_not_become_writable_again_without_a_fault()
    {
        foreach (HashTableEra era in HashScenario.Eras)
        {
            using var scenario = new HashScenario(era);
            scenario.Enter();
            scenario.Protect(ReadOnly);
            scenario.Protect(ReadWrite);
            Assert.Equal(ReadWrite, scenario.GuestR() & HpteR.Protection);
            Assert.Equal(ReadWrite, scenario.Read().R & HpteR.Protection);
            Assert.Equal(ReadOnly, scenario.Entry().R & HpteR.Protection);
            Assert.False(scenario.Thread.Store(HashScenario.Index));
        }
    }

    [Fact]
    public void A_page_that_the_host_shares_stays_read_only()
    {
        Assert.False(StoreToSharedPage(HashTableDefects.None));
        Assert.True(StoreToSharedPage(HashTableDefects.ProtectGrantsWrite));
    }

    [Fact]
    public void The_entry_is_absent_while_it_changes_and_no_tlbie_is_needed_if_it_does_not()
    {
        using var scenario = new HashScenario();
        scenario.Enter();
        scenario.Protect(ReadWrite);
        Assert.Empty(scenario.Thread.Tlbies);

        scenario.Thread.OnTlbie = () => Assert.Equal(HpteV.HvLock | HpteV.Absent | HpteV.Large, scenario.Core.Table.LoadState(HashScenario.Index));
        scenario.Protect(ReadOnly);
        Assert.Single(scenario.Thread.Tlbies);
        Assert.Equal(HashScenario.V, scenario.Entry().V);
    }

    [Fact]
    public void An_absent_entry_changes_in_the_guests_view_alone()
    {
        using var scenario = new HashScenario();
        scenario.Slot.Host[HashScenario.Gfn] = HostPages<HardwareOrdering>.NotPresent;
        scenario.Enter();
        Hpte before = scenario.Entry();
        Assert.Equal(HypercallStatus.Success, scenario.Protect(ReadOnly));
        Assert.Equal(before, scenario.Entry());
        Assert.Equal(HashScenario.R | ReadOnly, scenario.Read().R);
    }

    [Fact]
    public void A_protected_entry_is_noted_for_a_migration_of_the_table()
    {
        using var scenario = new HashScenario();
        scenario.Enter();
        scenario.Core.NotesModifications = true;
        scenario.Protect(ReadWrite);
        Assert.Equal(HashScenario.R | HpteR.Modified, scenario.GuestR());
        Assert.Equal(HashScenario.R, scenario.Read().R);
    }

    private static Hpte ProtectAfterLateStore(HashTableDefects defects)
    {
        using var scenario = new HashScenario(defects: defects);
        scenario.Enter();
        scenario.Thread.Store(HashScenario.Index, late: true);
        scenario.Protect(ReadOnly);
        Assert.Equal(0, scenario.Thread.Translations);
        return scenario.Entry();
    }

    private static bool StoreToSharedPage(HashTableDefects defects)
    {
        using var scenario = new HashScenario(defects: defects);
        scenario.Slot.Host[HashScenario.Gfn] = HostPages<HardwareOrdering>.ReadOnly;
        scenario.Enter();
        scenario.Protect(ReadOnly);
        scenario.Protect(ReadWrite);
        return scenario.Thread.Store(HashScenario.Index);
    }
}
