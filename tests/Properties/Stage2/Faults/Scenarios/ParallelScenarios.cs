using RingKit.Interleaving;
using RingKit.Properties.Stage2.Faults.Interleaving;
using Xunit;
using static RingKit.Properties.Stage2.Faults.Interleaving.HandlerAction;
using static RingKit.Properties.Stage2.Faults.Scenarios.FaultCase;

namespace RingKit.Properties.Stage2.Faults.Scenarios;

/// <summary>What two threads do to one block, in the first executions that there are.</summary>
public sealed class ParallelScenarios
{
    private static readonly ExplorationOptions Few = new() { MaximumExecutions = 300 };

    [Fact]
    public void Two_stores_that_dissolve_one_block_add_one_table() => InAll(TwoStores);

    [Fact]
    public void A_store_beside_a_host_that_moves_its_page_maps_the_page_that_is_there() => InAll(StoreAndMigrate);

    internal static void TwoStores(FaultCase at) => Explorer.Explore(
        HandlerProgram.Of(at.Generation, at.Defects, [StartLog, Store], [Store]), Few).ThrowIfFailed();

    internal static void StoreAndMigrate(FaultCase at) => Explorer.Explore(
        HandlerProgram.Of(at.Generation, at.Defects, [Store], [Migrate]), Few).ThrowIfFailed();
}
