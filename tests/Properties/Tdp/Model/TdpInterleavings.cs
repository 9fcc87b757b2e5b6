using RingKit.Interleaving;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.Tdp.Model.TdpOperation;

namespace RingKit.Properties.Tdp.Model;

/// <summary>The meetings of which x86's dirty mechanisms are made: in the first executions and in random ones, and in the long run in as many as there are.</summary>
public sealed class TdpInterleavings
{
    private static readonly long Bound = LongRun.IsOn ? 200_000 : 600;
    private static readonly long Samples = LongRun.IsOn ? 100_000 : 600;

    private static readonly TdpPlan Logged = TdpPlan.Small with { Method = TdpLogMethod.ModificationLog };
    private static readonly TdpPlan Unlogged = TdpPlan.Small with { Logs = false };

    [Fact]
    public void A_fix_up_against_a_harvest_that_takes_W()
    {
        Run(TdpPlan.Small, [Store(0), Store(0)], [Harvest]);
        Run(TdpPlan.Small, [Store(0), Store(1)], [Harvest, Harvest]);
    }

    [Fact]
    public void A_fix_up_against_another() => Run(TdpPlan.Small, [Store(0)], [Store(0)], [Harvest]);

    [Fact]
    public void A_fix_up_against_the_start_of_the_log()
    {
        Run(Unlogged, [Store(0), Store(0)], [Start]);
        Run(Unlogged with { Method = TdpLogMethod.ModificationLog }, [Store(0), Store(0)], [Start]);
    }

    [Fact]
    public void D_that_is_set_against_a_harvest_that_clears_it()
    {
        Run(Logged, [Store(0), Store(0)], [Harvest]);
        Run(Logged, [Store(0)], [Store(0)], [Harvest]);
    }

    [Fact]
    public void A_modification_log_that_is_drained_while_another_vcpu_stores() => Run(Logged, [Store(0), Store(1)], [Store(0)], [Harvest]);

    [Fact]
    public void A_split_against_stores_and_a_harvest()
    {
        Run(TdpPlan.Large, [Store(0)], [Store(1)], [Harvest]);
        Run(TdpPlan.Large with { Method = TdpLogMethod.ModificationLog }, [Store(0)], [Store(1)], [Harvest]);
    }

    [Fact]
    public void Recovery_against_walks_and_fix_ups()
    {
        Run(TdpPlan.Small, [Load(0), Store(1)], [Stop]);
        Run(TdpPlan.Small, [Store(0)], [Load(0), Load(1)], [Stop]);
        Run(Logged, [Store(0), Store(1)], [Stop, Start]);
    }

    [Fact]
    public void A_large_leaf_that_takes_the_place_of_a_table()
    {
        Run(TdpPlan.Remains, [Store(0)], [Store(1)]);
        Run(TdpPlan.Remains, [Store(0), Store(0)], [Load(1)], [Start]);
    }

    [Fact]
    public void An_invalidation_against_faults()
    {
        Run(TdpPlan.Small, [Store(0)], [Invalidate, Harvest]);
        Run(TdpPlan.Large with { Logs = false }, [Store(0)], [Store(1)], [Invalidate]);
    }

    [Theory]
    [InlineData(TdpLogMethod.WriteProtection)]
    [InlineData(TdpLogMethod.ModificationLog)]
    public void A_harvest_without_a_flush_loses_a_store(TdpLogMethod method) =>
        ExpectLoss(TdpPlan.Small with { Mistake = TdpMistake.ForgetsToFlush, Method = method }, [Store(0), Store(0)], [Harvest]);

    [Fact]
    public void A_start_that_does_not_wait_for_fix_ups_loses_a_store() =>
        ExpectLoss(Unlogged with { Mistake = TdpMistake.ForgetsToSynchronize }, [Store(0), Store(0)], [Start]);

    private static void ExpectLoss(TdpPlan plan, params TdpOperation[][] threads)
    {
        ModelProgram program = TdpProgram.Of(plan, threads);
        Assert.NotNull(Explorer.Explore(program, new ExplorationOptions { MaximumExecutions = 20_000 }).Failure);
    }

    private static void Run(TdpPlan plan, params TdpOperation[][] threads)
    {
        ModelProgram program = TdpProgram.Of(plan, threads);
        ExplorationResult all = Explorer.Explore(program, new ExplorationOptions { MaximumExecutions = Bound }).ThrowIfFailed();
        Report.Line(all.ToString());
        if (!all.IsComplete)
            Report.Line(Explorer.Sample(program, (ulong)Environment.TickCount64, Samples).ThrowIfFailed().ToString());
    }
}
