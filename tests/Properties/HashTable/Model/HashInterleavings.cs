using RingKit.Interleaving;
using RingKit.Mmu.HashTable;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.HashTable.Model.HashOperation;

namespace RingKit.Properties.HashTable.Model;

/// <summary>
/// The small core, one rmap word and two entries, with a storer, a remover and a harvester: in its first executions and in random ones, and in the long run in as
/// many as there are.
/// </summary>
public sealed class HashInterleavings
{
    private static readonly long Bound = LongRun.IsOn ? 100_000 : 2_000;
    private static readonly long Samples = LongRun.IsOn ? 30_000 : 1_500;

    private static readonly HashPlan Late = new() { DelaysChanged = true };
    private static readonly HashPlan ByFaults = new() { LogsByFaults = true };

    [Fact]
    public void A_storer_a_remover_and_a_walk_lose_nothing() => Run(HashPlan.Default, [Store(0), Store(1)], [Remove(0)], [Walk]);

    [Fact]
    public void A_storer_a_remover_and_a_sweep_lose_nothing() => Run(HashPlan.Default, [Store(0), Store(1)], [Remove(0)], [Sweep]);

    [Fact]
    public void A_storer_a_remover_and_a_filtered_walk_lose_nothing() => Run(HashPlan.Default, [Store(0)], [Remove(1), Remove(0)], [FilteredWalk]);

    [Fact]
    public void C_that_comes_late_is_not_lost()
    {
        Run(Late, [Store(0), Store(1)], [Remove(0)], [Walk]);
        Run(Late, [Store(0), Store(0)], [Remove(0), Sweep]);
    }

    [Theory]
    [InlineData(HashTableEra.ChangedOrder)]
    [InlineData(HashTableEra.Current)]
    public void Two_that_invalidate_both_wait_for_C_that_comes_late(HashTableEra era)
    {
        HashPlan late = Late with { Era = era };
        Run(late, [Store(0)], [Remove(1)], [Remove(0)]);
        Run(late, [Store(0), Store(0)], [Protect(1)], [Share]);
    }

    // The processor has left with C of one entry pending, and waits for the rmap word with which the host takes that entry away.
    [Fact]
    public void A_processor_outside_the_guest_leaves_its_C_to_who_invalidates()
    {
        ModelProgram program = HashProgram.Of(Late, [Store(1), Fault(0)], [Share]);
        ExplorationOptions options = ExplorationOptions.Default with { PreemptionBound = 1, MaximumExecutions = 20_000 };
        Report.Line(Explorer.Explore(program, options).ThrowIfFailed().ToString());
    }

    [Fact]
    public void Protection_and_harvest_do_not_undo_each_other()
    {
        Run(HashPlan.Default, [Store(0)], [Protect(0), Protect(1)], [Walk]);
        Run(HashPlan.Default, [Store(0), Protect(0)], [Sweep]);
    }

    [Fact]
    public void A_page_goes_out_while_it_is_entered_stored_to_and_harvested()
    {
        Run(HashPlan.Default with { Entered = 1 }, [Enter(1), Store(1)], [PageOut], [Walk]);
        Run(HashPlan.Default, [Store(0), StoreOrFault(0)], [PageOut, Share]);
    }

    [Fact]
    public void Two_batches_the_other_way_round_do_not_wait_for_each_other() =>
        Run(HashPlan.Default, [Store(0), BulkRemove(0)], [BulkRemove(1)], [Sweep]);

    [Fact]
    public void Two_processors_that_invalidate_do_not_wait_for_each_other() =>
        Run(HashPlan.Default, [Store(0), Remove(1)], [Store(1), Remove(0)]);

    [Fact]
    public void Faults_record_what_may_be_written()
    {
        Run(ByFaults, [StoreOrFault(0)], [StoreOrFault(1)], [Walk]);
        Run(ByFaults, [StoreOrFault(0), Store(0)], [Walk, Walk]);
    }

    [Fact]
    public void What_is_stored_while_a_log_starts_is_copied_or_recorded()
    {
        HashPlan one = HashPlan.Default with { Entered = 1, Logs = false };
        Run(one, [Store(0), Store(0)], [Remove(0)], [Start]);
        Run(one with { LogsByFaults = true }, [StoreOrFault(0)], [Start]);
        Run(one with { LogsByFaults = true }, [StoreOrFault(0), StoreOrFault(0)], [PageOut], [Start, Walk]);
    }

    [Fact]
    public void What_the_hypervisor_writes_itself_is_reported()
    {
        foreach (HashTableEra era in (HashTableEra[])[HashTableEra.ChangedBit, HashTableEra.Current])
        {
            HashPlan one = HashPlan.Default with { Era = era, Entered = 1 };
            Run(one, [PageInit(0)], [Sweep]);
            Run(one, [Store(0), PageInit(0)], [Remove(0)], [Walk]);
            Run(one with { Logs = false }, [PageInit(0)], [Start]);
            Run(one with { LogsByFaults = true }, [StoreOrFault(0), PageInit(0)], [Walk]);
            Run(one with { LogsByFaults = true, Logs = false }, [PageInit(0)], [Start]);
        }
    }

    [Fact]
    public void A_table_is_replaced_while_pages_go_out_and_faults_are_on_their_way()
    {
        foreach (HashTableEra era in (HashTableEra[])[HashTableEra.ChangedBit, HashTableEra.Current])
        {
            HashPlan plan = HashPlan.Default with { Era = era };
            Run(plan, [Store(0), Store(1)], [Resize]);
            Run(plan with { DelaysChanged = true }, [Store(0), Store(1)], [Remove(0), Walk, Resize]);
            Run(plan, [Store(0)], [PageOut], [Resize]);
            Run(plan with { Entered = 1, IsPagedOut = true }, [Fault(0)], [Resize]);
            Run(plan with { Entered = 1 }, [Store(0), Fault(0)], [PageOut, Resize]);
            Run(plan with { Entered = 1 }, [Fault(0)], [Share], [Resize]);
            Run(plan with { Entered = 1, LogsByFaults = true }, [StoreOrFault(0), Fault(0)], [Walk, Resize]);
        }
    }

    [Theory]
    [InlineData(HashTableEra.ChangedBit)]
    [InlineData(HashTableEra.ChangedOrder)]
    public void Older_records_in_the_rmap_word_lose_nothing(HashTableEra era)
    {
        Run(HashPlan.Default with { Era = era }, [Store(0)], [Remove(0)], [Walk]);
        Run(HashPlan.Default with { Era = era }, [Store(0)], [Remove(0)], [Sweep]);
    }

    [Fact]
    public void Past_bugs_are_found()
    {
        HashPlan one = HashPlan.Default with { Entered = 1 };
        HashPlan late = one with { DelaysChanged = true };
        ExpectFailure(one, HashTableDefects.HarvestWithoutTlbie, [Store(0), Store(0)], [Walk]);
        ExpectFailure(one, HashTableDefects.HarvestWithoutTlbie, [Store(0), Store(0)], [Sweep]);
        ExpectFailure(one, HashTableDefects.RemovalReadsEarly, [Store(0)], [Remove(0)]);
        ExpectFailure(one, HashTableDefects.RemovalForgetsHost, [Store(0)], [Remove(0)]);
        ExpectFailure(one, HashTableDefects.ProtectReadsEarly, [Store(0)], [Protect(0)]);
        ExpectFailure(one, HashTableDefects.SlotReusedEarly, [Store(0), Store(0)], [Remove(0), Walk]);
        ExpectFailure(one, HashTableDefects.HarvestTakesRecordFirst, [Store(0), Walk], [Remove(0)]);
        ExpectFailure(one, HashTableDefects.SweepSkipsLocked, [Store(0), Sweep], [new HashOperation(HashAction.Age)]);
        ExpectFailure(one with { IsPagedOut = true }, HashTableDefects.FaultIgnoresResize, [Fault(0)], [Resize]);
        ExpectFailure(one, HashTableDefects.HostWriteUnmarked, [PageInit(0)]);
        ExpectFailure(late, HashTableDefects.FinalHarvestTrustsC, [Store(0)]);
        ExpectFailure(one with { Era = HashTableEra.ChangedBit }, HashTableDefects.AddWipesChanged, [Store(0), Remove(0)], [Enter(1)]);
    }

    private static void ExpectFailure(HashPlan plan, HashTableDefects defect, params HashOperation[][] threads)
    {
        ModelProgram program = HashProgram.Of(plan with { Defects = defect }, threads);
        ExplorationResult result = Explorer.Explore(program, OptionsOf(threads) with { MaximumExecutions = 20_000 });
        Report.Line($"{program.Name}: {result.Executions + result.Redundant} executions, {result.Failure?.Message}");
        Assert.True(result.Failure is not null, $"{program.Name}: {result}");
    }

    // Which table is in use is no word of the model, so steps that seem not to matter to each other may: then no order is left out, within a bound.
    private static ExplorationOptions OptionsOf(HashOperation[][] threads) =>
        ExplorationOptions.Default with { PreemptionBound = threads.Any(thread => thread.Contains(Resize)) ? 2 : null };

    private static void Run(HashPlan plan, params HashOperation[][] threads)
    {
        ModelProgram program = HashProgram.Of(plan, threads);
        ExplorationResult all = Explorer.Explore(program, OptionsOf(threads) with { MaximumExecutions = Bound }).ThrowIfFailed();
        Report.Line(all.ToString());
        if (!all.IsComplete)
            Report.Line(Explorer.Sample(program, (ulong)Environment.TickCount64, Samples).ThrowIfFailed().ToString());
    }
}
