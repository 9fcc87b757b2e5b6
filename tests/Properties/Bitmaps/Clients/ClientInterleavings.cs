using RingKit.Interleaving;
using Xunit;
using static RingKit.Properties.Bitmaps.Clients.ClientOperation;

namespace RingKit.Properties.Bitmaps.Clients;

/// <summary>Several clients in all executions of small programs: each gets every mark, in the harvest that follows it.</summary>
public class ClientInterleavings
{
    [Fact]
    public void Two_clients_get_each_mark_of_a_writer() => RunAll([Mark(0)], [Harvest], [Harvest]);

    [Fact]
    public void A_harvest_has_what_was_marked_before_it_even_if_another_client_distributes() =>
        RunAll([Mark(0), Harvest], [Mark(1), Harvest]);

    [Fact]
    public void A_client_joins_while_another_harvests()
    {
        RunAll([Mark(0), Harvest], [Join, Mark(1), Harvest]);
        RunAll([Mark(0), Harvest], [JoinAllDirty, Harvest]);
    }

    [Fact]
    public void A_client_leaves_while_another_harvests() => RunAll([Mark(0), Harvest], [Leave]);

    private static void RunAll(params ClientOperation[][] threads)
    {
        ExplorationResult result = Explorer.Explore(ClientProgram.Of(threads)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
