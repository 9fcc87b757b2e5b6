using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_REMOVE: which entry is meant, what the guest gets back, and where R and C go.</summary>
public sealed class HypercallRemoveTests
{
    private const ulong Avpn = 0x0000_0001_2345_6000;

    [Fact]
    public void What_a_removed_entry_has_seen_stays_with_the_host()
    {
        foreach (HashTableEra era in HashScenario.Eras)
        {
            using var scenario = new HashScenario(era);
            scenario.Enter();
            Assert.True(scenario.Thread.Store(HashScenario.Index));
            Assert.Equal(HpteR.ReferencedChanged, scenario.Entry().R & HpteR.ReferencedChanged);

            Assert.Equal(new HypercallResult(HypercallStatus.Success, HashScenario.V, HashScenario.R), scenario.Remove());

            Assert.Equal(new Hpte(0, HashScenario.HostAddress | 0x1192), scenario.Entry());
            ulong rmap = era switch
            {
                HashTableEra.ChangedOrder => 0x0010_0180_0000_0000,
                HashTableEra.Current => 0x0100_0180_0000_0000,
                _ => 0x0000_0180_0000_0000,
            };
            Assert.Equal(rmap, scenario.Rmap());
            Assert.Equal(era == HashTableEra.Current ? [HashScenario.Gfn] : [], scenario.TakeChanged());
            Assert.Empty(scenario.TakeChanged());
            Assert.Equal([[HashScenario.Index]], scenario.Thread.Tlbies);
        }
    }

    [Fact]
    public void A_slot_that_does_not_log_records_nothing_in_its_bitmap()
    {
        using var scenario = new HashScenario();
        scenario.Slot.Logs = false;
        scenario.Enter();
        scenario.Thread.Store(HashScenario.Index);
        scenario.Remove();
        scenario.Slot.Logs = true;
        Assert.Empty(scenario.TakeChanged());
        Assert.NotEqual(0ul, scenario.Rmap() & RmapFormat.Changed);
    }

    [Fact]
    public void A_removed_large_page_is_recorded_whole_where_the_generation_can()
    {
        foreach (HashTableEra era in HashScenario.Eras)
        {
            using var scenario = new HashScenario(era);
            scenario.Enter(r: 0x0100_0192);
            scenario.Thread.Store(HashScenario.Index);
            scenario.Remove();
            int pages = era >= HashTableEra.ChangedOrder ? 256 : 1;
            Assert.Equal(Enumerable.Range(0x100, pages).Select(gfn => (ulong)gfn), scenario.HostRecord());
            if (era == HashTableEra.ChangedOrder)
                Assert.Equal(0x0018_0180_0000_0000ul, scenario.Rmap(0x100));
        }
    }

    [Fact]
    public void The_conditions_decide_whether_the_entry_is_meant()
    {
        using var scenario = new HashScenario();
        Assert.Equal(HypercallStatus.Parameter, scenario.Remove(1UL << 17).Status);
        Assert.Equal(HypercallStatus.Parameter, scenario.Remove(ulong.MaxValue).Status);
        Assert.Equal(HypercallStatus.NotFound, scenario.Remove().Status);

        (ulong Flags, ulong Operand, bool Meant)[] cases =
        [
            (HypercallFlags.Avpn, Avpn, true),
            (HypercallFlags.Avpn, Avpn | 1, false),
            (HypercallFlags.Avpn, HashScenario.V, false),
            (HypercallFlags.Avpn, Avpn + 0x80, false),
            (HypercallFlags.AndCondition, 0, true),
            (HypercallFlags.AndCondition, HpteV.Bolted, true),
            (HypercallFlags.AndCondition, HpteV.Valid, false),
            (HypercallFlags.AndCondition, 0x1000, true),
            (HypercallFlags.AndCondition, 0x2000, false),
            (HypercallFlags.AndCondition, HpteV.HvLock, false),
            (HypercallFlags.Avpn | HypercallFlags.AndCondition, Avpn, false),
            (HypercallFlags.Local, ulong.MaxValue, true),
            (0, ulong.MaxValue, true),
        ];
        foreach ((ulong flags, ulong operand, bool meant) in cases)
        {
            scenario.Enter();
            HypercallResult result = scenario.Remove(flags: flags, avpn: operand);
            Assert.Equal(meant ? HypercallStatus.Success : HypercallStatus.NotFound, result.Status);
            Assert.Equal(meant ? 0 : HashScenario.V, scenario.Entry().V);
            scenario.Remove();
        }

        scenario.CheckLocksAreFree();
    }

    [Fact]
    public void An_absent_entry_goes_without_a_tlbie_and_without_a_record()
    {
        foreach (HashTableEra era in HashScenario.Eras)
        {
            using var scenario = new HashScenario(era);
            scenario.Slot.Host[HashScenario.Gfn] = HostPages<HardwareOrdering>.NotPresent;
            scenario.Enter();
            ulong shown = era < HashTableEra.ChangedOrder ? 0x0000_0001_2345_6024 : HashScenario.V;
            Assert.Equal(new HypercallResult(HypercallStatus.Success, shown, HashScenario.R), scenario.Remove());
            Assert.Equal(new Hpte(0, 0x1192), scenario.Entry());
            Assert.Equal(0ul, scenario.Rmap());
            Assert.Empty(scenario.Thread.Tlbies);
            Assert.Empty(scenario.HostRecord());
        }
    }

    [Fact]
    public void A_devices_entry_goes_like_any_other()
    {
        using var scenario = new HashScenario();
        const ulong Device = 0x5000_1032;
        scenario.Enter(r: Device);
        Assert.Equal(new HypercallResult(HypercallStatus.Success, HashScenario.V, Device), scenario.Remove());
        Assert.Empty(scenario.Thread.Tlbies);
    }

    [Fact]
    public void A_chain_loses_its_first_its_last_and_one_between()
    {
        using var scenario = new HashScenario();
        for (ulong i = 0; i < 4; i++)
            scenario.Enter(i);
        scenario.Remove(1);
        Assert.Equal([0, 2, 3], scenario.Chain());
        scenario.Remove(0);
        Assert.Equal([2, 3], scenario.Chain());
        scenario.Remove(3);
        Assert.Equal([2], scenario.Chain());
        scenario.Enter(1);
        Assert.Equal([2, 1], scenario.Chain());
        scenario.Remove(2);
        scenario.Remove(1);
        Assert.Empty(scenario.Chain());
        Assert.Equal(1UL << 56, scenario.Rmap());
    }

    [Fact]
    public void A_removed_entry_is_noted_for_a_migration_of_the_table()
    {
        using var scenario = new HashScenario();
        scenario.Enter(r: HashScenario.R & ~HpteR.ReferencedChanged);
        scenario.Core.NotesModifications = true;
        Assert.Equal(HashScenario.R & ~HpteR.ReferencedChanged, scenario.Remove().R5);
        Assert.Equal((HashScenario.R & ~HpteR.ReferencedChanged) | HpteR.Modified, scenario.GuestR());
    }

    [Fact]
    public void C_that_the_processor_held_back_until_the_tlbie_is_seen()
    {
        foreach (HashTableEra era in HashScenario.Eras)
            Assert.Equal([HashScenario.Gfn], RecordOfLateStore(era, HashTableDefects.None));
    }

    [Fact]
    public void Reading_c_before_the_tlbie_loses_a_page()
    {
        foreach (HashTableEra era in HashScenario.Eras)
            Assert.Empty(RecordOfLateStore(era, HashTableDefects.RemovalReadsEarly));
    }

    [Fact]
    public void Nobody_gets_the_place_of_an_entry_before_its_tlbie_has_returned()
    {
        (ulong next, Hpte entry) = EnterDuringTlbie(HashTableDefects.None);
        Assert.Equal(HashScenario.Index + 1, next);
        Assert.False(entry.IsChanged);
    }

    [Fact]
    public void A_place_that_is_free_too_early_gets_c_of_the_entry_before()
    {
        (ulong next, Hpte entry) = EnterDuringTlbie(HashTableDefects.SlotReusedEarly);
        Assert.Equal(HashScenario.Index, next);
        Assert.True(entry.IsChanged);
    }

    private static ulong[] RecordOfLateStore(HashTableEra era, HashTableDefects defects)
    {
        using var scenario = new HashScenario(era, defects);
        scenario.Enter(r: HashScenario.R & ~HpteR.ReferencedChanged);
        Assert.True(scenario.Thread.Store(HashScenario.Index, late: true));
        Assert.False(scenario.Entry().IsChanged);
        scenario.Remove();
        Assert.True(scenario.Entry().IsChanged);
        return scenario.HostRecord();
    }

    // While the removal waits for its tlbie, another vCPU maps another page in the same group.
    private static (ulong Index, Hpte Entry) EnterDuringTlbie(HashTableDefects defects)
    {
        using var scenario = new HashScenario(defects: defects);
        ulong next = 0;
        scenario.Enter();
        scenario.Thread.Store(HashScenario.Index, late: true);
        scenario.Thread.OnTlbie = () => next = scenario.Enter(r: 0x0043_1012, flags: 0).R4;
        scenario.Remove();
        return (next, scenario.Entry(next));
    }
}
