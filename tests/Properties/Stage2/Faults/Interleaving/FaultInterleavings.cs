using RingKit.Interleaving;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.Stage2.Faults.Interleaving.HandlerAction;

namespace RingKit.Properties.Stage2.Faults.Interleaving;

/// <summary>The fault handlers on the model of memory, beside the host and the log: in the first executions and in random ones.</summary>
public sealed class FaultInterleavings
{
    private static readonly long Bound = LongRun.IsOn ? 200_000 : 1_000;
    private static readonly long Samples = LongRun.IsOn ? 50_000 : 500;

    [Theory]
    [InlineData(Stage2Generation.Posted2014)]
    [InlineData(Stage2Generation.Current)]
    public void A_fault_and_a_host_that_moves_its_page(Stage2Generation generation)
    {
        Run(HandlerProgram.Of(generation, [Store], [Migrate]));
        Run(HandlerProgram.Of(generation, [Store], [Share], [Migrate]));
        Run(HandlerProgram.Of(generation, [Load, Store], [Store], [Migrate]));
    }

    [Theory]
    [InlineData(Stage2Generation.Posted2014)]
    [InlineData(Stage2Generation.Current)]
    public void A_fault_and_a_log_that_starts(Stage2Generation generation)
    {
        Run(HandlerProgram.Of(generation, [Load], [StartLog]));
        Run(HandlerProgram.Of(generation, [Store], [StartLog]));
        Run(HandlerProgram.Of(generation, [Load, Store], [StartLog], [Load]));
        Run(HandlerProgram.Of(generation, [Load, Store], [StartLog, StopLog], [Store]));
    }

    [Theory]
    [InlineData(Stage2Generation.Posted2014)]
    [InlineData(Stage2Generation.Current)]
    public void A_block_that_comes_back_beside_a_host_that_moves_it_and_beside_another_fault(Stage2Generation generation)
    {
        Run(HandlerProgram.Of(generation, [StartLog, Store, StopLog, LoadNext], [Migrate]));
        Run(HandlerProgram.Of(generation, [StartLog, Store, StopLog, LoadNext], [Store]));
        Run(HandlerProgram.Of(generation, [StartLog, Store, StopLog], [LoadNext], [StartLog]));
    }

    [Fact]
    public void A_region_and_the_sequence()
    {
        Run(SequenceProgram.Of("FF", "C"));
        Run(SequenceProgram.Of("F", "C", "C"));
        Run(RegionProgram.Of("TM", "T"));
        Run(PostedProgram.Of(isBlock: false));
    }

    private static void Run(ModelProgram program)
    {
        ExplorationResult all = Explorer.Explore(program, new ExplorationOptions { MaximumExecutions = Bound }).ThrowIfFailed();
        Report.Line(all.ToString());
        if (!all.IsComplete)
            Report.Line(Explorer.Sample(program, (ulong)Environment.TickCount64, Samples).ThrowIfFailed().ToString());
    }
}
