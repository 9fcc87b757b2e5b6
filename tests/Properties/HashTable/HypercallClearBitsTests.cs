using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_CLEAR_REF and H_CLEAR_MOD: the guest's bits go, the host's stay.</summary>
public sealed class HypercallClearBitsTests
{
    private static readonly HashTableEra[] WithTheCalls = [HashTableEra.ChangedOrder, HashTableEra.Current];

    [Fact]
    public void Before_2015_there_are_no_such_calls()
    {
        foreach (HashTableEra era in HashScenario.Eras.Except(WithTheCalls))
        {
            using var scenario = new HashScenario(era);
            scenario.Enter();
            Assert.Equal(HypercallStatus.Function, scenario.Core.ClearModified(ref scenario.Thread, HashScenario.Index).Status);
            Assert.Equal(HypercallStatus.Function, scenario.Core.ClearReferenced(ref scenario.Thread, ulong.MaxValue).Status);
        }
    }

    [Fact]
    public void Where_no_entry_is_there_is_nothing_to_clear()
    {
        using var scenario = new HashScenario();
        foreach (ulong index in (ulong[])[1UL << 17, ulong.MaxValue])
        {
            Assert.Equal(HypercallStatus.Parameter, scenario.Core.ClearModified(ref scenario.Thread, index).Status);
            Assert.Equal(HypercallStatus.Parameter, scenario.Core.ClearReferenced(ref scenario.Thread, index).Status);
        }

        Assert.Equal(HypercallStatus.NotFound, scenario.Core.ClearModified(ref scenario.Thread, HashScenario.Index).Status);
        Assert.Equal(HypercallStatus.NotFound, scenario.Core.ClearReferenced(ref scenario.Thread, HashScenario.Index).Status);
        scenario.CheckLocksAreFree();
    }

    [Fact]
    public void A_cleared_c_is_the_hosts_to_report_once()
    {
        foreach (HashTableEra era in WithTheCalls)
        {
            foreach (bool late in (bool[])[false, true])
            {
                using var scenario = new HashScenario(era);
                scenario.Enter();
                scenario.Thread.Store(HashScenario.Index, late);

                Assert.Equal(new HypercallResult(HypercallStatus.Success, HashScenario.R), ClearModified(scenario));
                Assert.Equal(HashScenario.R & ~HpteR.Changed, scenario.GuestR());
                Assert.Equal(new Hpte(HashScenario.V, HashScenario.HostAddress | 0x1112), scenario.Entry());
                Assert.Equal(new Hpte(HashScenario.V, 0x0042_1112), scenario.Read());
                if (era == HashTableEra.ChangedOrder)
                    Assert.Equal(0x0010_0081_0001_A2A0ul, scenario.Rmap());
                Assert.Equal([HashScenario.Gfn], scenario.HostRecord());
                if (era == HashTableEra.ChangedOrder)
                    scenario.Slot.RmapOf(HashScenario.Gfn) = RmapFormat.WithoutChanged(scenario.Rmap());

                Assert.Equal(new HypercallResult(HypercallStatus.Success, 0x0042_1112), ClearModified(scenario));
                Assert.Empty(scenario.HostRecord());

                scenario.Thread.Store(HashScenario.Index);
                Assert.True(scenario.Entry().IsChanged);
            }
        }
    }

    [Fact]
    public void A_large_page_is_recorded_whole()
    {
        foreach (HashTableEra era in WithTheCalls)
        {
            using var scenario = new HashScenario(era);
            scenario.Enter(r: 0x0100_0192);
            scenario.Thread.Store(HashScenario.Index);
            ClearModified(scenario);
            Assert.Equal(Enumerable.Range(0x100, 256).Select(gfn => (ulong)gfn), scenario.HostRecord());
        }
    }

    [Fact]
    public void The_entry_is_absent_while_c_is_cleared()
    {
        using var scenario = new HashScenario();
        scenario.Enter();
        scenario.Thread.OnTlbie = () => Assert.Equal(HpteV.HvLock | HpteV.Absent | HpteV.Large, scenario.Core.Table.LoadState(HashScenario.Index));
        ClearModified(scenario);
        Assert.Single(scenario.Thread.Tlbies);
    }

    [Fact]
    public void A_cleared_r_is_the_hosts_to_keep_and_c_is_left_alone()
    {
        foreach (HashTableEra era in WithTheCalls)
        {
            using var scenario = new HashScenario(era);
            scenario.Enter();
            scenario.Thread.Store(HashScenario.Index);
            scenario.Thread.OnTlbie = () => Assert.True((scenario.Core.Table.LoadState(HashScenario.Index) & HpteV.Valid) != 0);

            Assert.Equal(new HypercallResult(HypercallStatus.Success, HashScenario.R), ClearReferenced(scenario));
            Assert.Equal(HashScenario.R & ~HpteR.Referenced, scenario.GuestR());
            Assert.Equal(new Hpte(HashScenario.V, HashScenario.HostAddress | 0x1092), scenario.Entry());
            Assert.NotEqual(0ul, scenario.Rmap() & RmapFormat.Referenced);
            Assert.Empty(scenario.HostRecord());
            Assert.Single(scenario.Thread.Tlbies);

            Assert.Equal(HashScenario.R & ~HpteR.Referenced, ClearReferenced(scenario).R4);
            Assert.Single(scenario.Thread.Tlbies);
        }
    }

    [Fact]
    public void Of_an_absent_entry_the_guests_view_alone_is_cleared()
    {
        using var scenario = new HashScenario();
        scenario.Slot.Host[HashScenario.Gfn] = HostPages<HardwareOrdering>.NotPresent;
        scenario.Enter();
        Assert.Equal(HashScenario.R, ClearModified(scenario).R4);
        Assert.Equal(HashScenario.R & ~HpteR.Changed, ClearReferenced(scenario).R4);
        Assert.Equal(HashScenario.R & ~HpteR.ReferencedChanged, scenario.GuestR());
        Assert.Empty(scenario.Thread.Tlbies);
        Assert.Empty(scenario.TakeChanged());
        Assert.Equal(0ul, scenario.Rmap());
    }

    [Fact]
    public void A_migration_of_the_table_notes_what_was_cleared_and_the_guest_does_not_see_it()
    {
        using var scenario = new HashScenario();
        scenario.Enter();
        scenario.Core.NotesModifications = true;
        Assert.Equal(HashScenario.R, ClearModified(scenario).R4);
        Assert.Equal((HashScenario.R & ~HpteR.Changed) | HpteR.Modified, scenario.GuestR());
        Assert.Equal(HashScenario.R & ~HpteR.Changed, ClearReferenced(scenario).R4);
        Assert.Equal((HashScenario.R & ~HpteR.ReferencedChanged) | HpteR.Modified, scenario.GuestR());
    }

    private static HypercallResult ClearModified(HashScenario scenario) => scenario.Core.ClearModified(ref scenario.Thread, HashScenario.Index);

    private static HypercallResult ClearReferenced(HashScenario scenario) => scenario.Core.ClearReferenced(ref scenario.Thread, HashScenario.Index);
}
