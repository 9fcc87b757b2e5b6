using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_ENTER: which entry it takes, of those that are free or locked.</summary>
public sealed class HypercallEnterPlaceTests
{
    [Fact]
    public void A_group_gives_its_first_free_entry_and_an_exact_index_itself_or_nothing()
    {
        using var scenario = new HashScenario();
        Assert.Equal(HashScenario.Index + 3, scenario.Enter(HashScenario.Index + 3).R4);
        ulong[] given = [.. Enumerable.Range(0, 7).Select(i => scenario.Enter(HashScenario.Index + 7 - (ulong)i, flags: 0).R4 - HashScenario.Index)];
        Assert.Equal([0, 1, 2, 4, 5, 6, 7], given);

        Hpte before = scenario.Entry(HashScenario.Index + 3);
        for (ulong i = 0; i < 8; i++)
        {
            Assert.Equal(HypercallStatus.PtegFull, scenario.Enter(HashScenario.Index + i, flags: 0).Status);
            Assert.Equal(HypercallStatus.PtegFull, scenario.Enter(HashScenario.Index + i, r: 0x0043_1192).Status);
        }

        Assert.Equal(before, scenario.Entry(HashScenario.Index + 3));
        Assert.Equal(HashScenario.R, scenario.GuestR(HashScenario.Index + 3));
        Assert.Equal(8, scenario.Chain().Length);
        Assert.Empty(scenario.Chain(0x43));
        scenario.CheckLocksAreFree();
    }

    [Fact]
    public void A_free_entry_that_is_locked_is_passed_over_if_there_is_another()
    {
        using var scenario = new HashScenario();
        Assert.True(scenario.Core.Table.TryLock(HashScenario.Index));
        Assert.Equal(HashScenario.Index + 1, scenario.Enter(flags: 0).R4);
    }

    [Fact]
    public void A_locked_entry_is_waited_for_if_there_is_no_other()
    {
        foreach (ulong flags in (ulong[])[0, HypercallFlags.Exact])
        {
            using var scenario = new HashScenario();
            for (ulong i = 1; i < 8; i++)
                scenario.Enter(HashScenario.Index + i);
            Assert.True(scenario.Core.Table.TryLock(HashScenario.Index));
            scenario.Thread.OnRelax = () => scenario.Core.Table.Unlock(HashScenario.Index, 0);
            Assert.Equal(new HypercallResult(HypercallStatus.Success, HashScenario.Index), scenario.Enter(flags: flags));
        }
    }

    [Fact]
    public void An_entry_that_was_locked_and_is_taken_then_is_full()
    {
        foreach (ulong flags in (ulong[])[0, HypercallFlags.Exact])
        {
            using var scenario = new HashScenario();
            for (ulong i = 1; i < 8; i++)
                scenario.Enter(HashScenario.Index + i);
            Assert.True(scenario.Core.Table.TryLock(HashScenario.Index));
            scenario.Thread.OnRelax = () => scenario.Core.Table.Unlock(HashScenario.Index, HpteV.Absent);
            Assert.Equal(HypercallStatus.PtegFull, scenario.Enter(flags: flags).Status);
            scenario.CheckLocksAreFree();
        }
    }
}
