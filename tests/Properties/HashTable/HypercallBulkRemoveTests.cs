using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_BULK_REMOVE: answers by their bytes, one tlbie for a batch, and no wait with locks in hand.</summary>
public sealed class HypercallBulkRemoveTests
{
    private const ulong Request = 1UL << 62;
    private const ulong End = 3UL << 62;
    private const ulong AndCondition = Request | (1UL << 56);
    private const ulong Avpn = Request | (2UL << 56);

    [Fact]
    public void A_changed_entry_answers_with_its_r_and_c()
    {
        foreach (HashTableEra era in HashScenario.Eras)
        {
            using var scenario = new HashScenario(era);
            scenario.Enter(r: HashScenario.R & ~HpteR.ReferencedChanged);
            scenario.Thread.Store(HashScenario.Index, late: true);
            ulong[] registers = [Request | HashScenario.Index, 0, End, 0, 0, 0, 0, 0];
            Assert.Equal(HypercallStatus.Success, scenario.Core.BulkRemove(ref scenario.Thread, registers));
            Assert.Equal([0x8C00_0000_0001_A2A0, 0, End, 0, 0, 0, 0, 0], registers);
            Assert.Equal(0ul, scenario.Entry().V);
            Assert.Equal([HashScenario.Gfn], scenario.HostRecord());
            Assert.Empty(scenario.Chain());
        }
    }

    [Fact]
    public void C_from_before_the_tlbie_loses_a_page()
    {
        using var scenario = new HashScenario(defects: HashTableDefects.RemovalReadsEarly);
        scenario.Enter(r: HashScenario.R & ~HpteR.ReferencedChanged);
        scenario.Thread.Store(HashScenario.Index, late: true);
        ulong[] registers = [Request | HashScenario.Index, 0, End, 0, 0, 0, 0, 0];
        scenario.Core.BulkRemove(ref scenario.Thread, registers);
        Assert.Equal(0x8000_0000_0001_A2A0, registers[0]);
        Assert.Empty(scenario.HostRecord());
    }

    [Fact]
    public void Four_entries_go_with_one_tlbie()
    {
        using var scenario = new HashScenario();
        for (ulong i = 0; i < 4; i++)
            scenario.Enter(i, r: (HashScenario.R & ~HpteR.ReferencedChanged) + (i << 16));
        scenario.Thread.Load(1, late: true);
        scenario.Thread.Store(3, late: true);
        ulong[] registers = [Request | 3, 0, AndCondition | 2, HpteV.Bolted, Avpn | 1, HashScenario.V & ~0x7FUL, Request | 0, 0];
        Assert.Equal(HypercallStatus.Success, scenario.Core.BulkRemove(ref scenario.Thread, registers));
        Assert.Equal(
            [0x8C00_0000_0000_0003, 0, 0x8100_0000_0000_0002, HpteV.Bolted, 0x8A00_0000_0000_0001, HashScenario.V & ~0x7FUL, 0x8000_0000_0000_0000, 0],
            registers);
        Assert.Equal([[3, 2, 1, 0]], scenario.Thread.Tlbies);
        Assert.Equal([0x45], scenario.TakeChanged());
        scenario.CheckLocksAreFree();
    }

    [Fact]
    public void What_is_not_meant_is_not_found()
    {
        using var scenario = new HashScenario();
        scenario.Enter();
        ulong[] registers =
        [
            Request | 5, 0,
            AndCondition | HashScenario.Index, HpteV.Valid,
            Avpn | HashScenario.Index, HashScenario.V,
            AndCondition | HashScenario.Index, HpteV.HvLock,
        ];
        Assert.Equal(HypercallStatus.Success, scenario.Core.BulkRemove(ref scenario.Thread, registers));
        Assert.Equal(
            [
                0x9000_0000_0000_0005, 0,
                0x9100_0000_0001_A2A0, HpteV.Valid,
                0x9200_0000_0001_A2A0, HashScenario.V,
                0x9100_0000_0001_A2A0, HpteV.HvLock,
            ],
            registers);
        Assert.Equal(HashScenario.V, scenario.Entry().V);
        scenario.CheckLocksAreFree();
    }

    [Fact]
    public void A_request_that_is_none_ends_the_call_and_those_before_it_are_done()
    {
        foreach ((ulong bad, ulong answer) in ((ulong, ulong)[])
            [
                (0, 0xA000_0000_0000_0000),
                (HashScenario.Index, 0xA000_0000_0001_A2A0),
                (2UL << 62, 0xA000_0000_0000_0000),
                (0xBF00_0000_0000_0007, 0xA300_0000_0000_0007),
                (Request | (3UL << 56) | 7, 0xA300_0000_0000_0007),
                (Avpn | (1UL << 17), 0xA200_0000_0002_0000),
                (Request | (~0UL >> 8), 0xA0FF_FFFF_FFFF_FFFF),
            ])
        {
            using var scenario = new HashScenario();
            scenario.Enter(r: HashScenario.R & ~HpteR.ReferencedChanged);
            scenario.Enter(7);
            ulong[] registers = [Request | HashScenario.Index, 1, bad, 2, Request | 7, 3, End, 4];
            Assert.Equal(HypercallStatus.Parameter, scenario.Core.BulkRemove(ref scenario.Thread, registers));
            Assert.Equal([0x8000_0000_0001_A2A0, 1, answer, 2, Request | 7, 3, End, 4], registers);
            Assert.Equal(0ul, scenario.Entry().V);
            Assert.Equal(HashScenario.V, scenario.Entry(7).V);
        }
    }

    [Fact]
    public void The_bits_between_type_and_condition_of_a_request_are_ignored()
    {
        using var scenario = new HashScenario();
        scenario.Enter(r: HashScenario.R & ~HpteR.ReferencedChanged);
        ulong[] registers = [Request | (0xFUL << 58) | HashScenario.Index, 0, End, 0, 0, 0, 0, 0];
        Assert.Equal(HypercallStatus.Success, scenario.Core.BulkRemove(ref scenario.Thread, registers));
        Assert.Equal(0x8000_0000_0001_A2A0, registers[0]);
    }

    [Fact]
    public void An_absent_entry_answers_with_what_the_guest_knows()
    {
        using var scenario = new HashScenario();
        scenario.Slot.Host[HashScenario.Gfn] = HostPages<HardwareOrdering>.NotPresent;
        scenario.Enter();
        ulong[] registers = [Request | HashScenario.Index, 0, End, 0, 0, 0, 0, 0];
        scenario.Core.BulkRemove(ref scenario.Thread, registers);
        Assert.Equal(0x8C00_0000_0001_A2A0, registers[0]);
        Assert.Empty(scenario.Thread.Tlbies);
        Assert.Empty(scenario.TakeChanged());
        Assert.Equal(0ul, scenario.Entry().V);
    }

    [Fact]
    public void An_index_that_comes_twice_is_not_found_the_second_time()
    {
        using var scenario = new HashScenario();
        scenario.Enter(r: HashScenario.R & ~HpteR.ReferencedChanged);
        ulong request = Request | HashScenario.Index;
        ulong[] registers = [request, 0, request, 0, End, 0, 0, 0];
        Assert.Equal(HypercallStatus.Success, scenario.Core.BulkRemove(ref scenario.Thread, registers));
        Assert.Equal([0x8000_0000_0001_A2A0, 0x9000_0000_0001_A2A0], [registers[0], registers[2]]);
    }

    [Fact]
    public void A_locked_entry_ends_the_batch_and_is_waited_for_with_nothing_in_hand()
    {
        using var scenario = new HashScenario();
        for (ulong i = 0; i < 3; i++)
            scenario.Enter(i);
        Assert.True(scenario.Core.Table.TryLock(1));
        scenario.Thread.OnRelax = () =>
        {
            // The first is done and free; the third was not looked at yet.
            Assert.Equal(0ul, scenario.Core.Table.LoadState(0));
            Assert.Equal(0ul, scenario.Core.Table.LoadState(2) & HpteV.HvLock);
            scenario.Core.Table.Unlock(1, HashScenario.V);
        };
        ulong[] registers = [Request | 0, 0, Request | 1, 0, Request | 2, 0, End, 0];
        Assert.Equal(HypercallStatus.Success, scenario.Core.BulkRemove(ref scenario.Thread, registers));
        Assert.Equal([[0], [1, 2]], scenario.Thread.Tlbies);
        scenario.CheckLocksAreFree();
    }

    [Fact]
    public void The_entries_of_a_batch_are_locked_and_invalid_during_its_tlbie()
    {
        using var scenario = new HashScenario();
        scenario.Enter(0);
        scenario.Enter(1);
        scenario.Thread.OnTlbie = () =>
        {
            Assert.Equal(HpteV.HvLock | HpteV.Large, scenario.Core.Table.LoadState(0));
            Assert.Equal(HpteV.HvLock | HpteV.Large, scenario.Core.Table.LoadState(1));
        };
        scenario.Core.BulkRemove(ref scenario.Thread, [Request | 0, 0, Request | 1, 0, End, 0, 0, 0]);
        Assert.Single(scenario.Thread.Tlbies);
    }
}
