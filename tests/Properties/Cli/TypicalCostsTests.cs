using RingKit.Cli.Harvest;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class TypicalCostsTests
{
    [Fact]
    public void Turns_of_a_slower_machine_and_single_disturbances_change_no_ratio()
    {
        double[] costs = [3, 5, 7, 11, 13, 17, 5], speeds = [1, 1, 2.5, 1.2, 3, 1.1, 1, 1.7, 2];
        double[][] times = [.. costs.Select(cost => speeds.Select(speed => cost * speed).ToArray())];

        // Of each log two rounds, and of no turn more than two.
        for (int log = 0; log < costs.Length; log++)
        {
            times[log][log] *= 30;
            times[log][log + 2] *= 1.4;
        }

        double[] typical = TypicalCosts.Of(times);
        Assert.All(typical.Zip(costs), pair => Assert.Equal(pair.Second / costs[0], pair.First / typical[0], 1e-9));

        // The third lowest of nine speeds.
        Assert.Equal(3 * 1.0, typical[0], 1e-9);
    }

    [Fact]
    public void Of_one_log_alone_it_is_the_lower_quartile()
    {
        double typical = Assert.Single(TypicalCosts.Of([[9.0, 2, 4, 8, 100]]));
        Assert.Equal(4, typical, 1e-9);
        Assert.Equal(4, TypicalCosts.LowerQuartile([9, 2, 4, 8, 100]));
    }

    [Fact]
    public void What_differs_only_with_the_turn_is_certain_and_the_rest_by_the_root_of_the_turns()
    {
        Assert.Equal(0, TypicalCosts.ErrorOf([[1, 2, 3], [10, 20, 30], [0, 0, 0]]), 1e-9);
        var random = new Random(2019);
        double few = Error(25), many = Error(2500);
        Assert.InRange(few / many, 5, 20);

        // A tenth up or down, evenly: the median distance is a twentieth, a part of which the speeds of turns of seven rounds take to themselves.
        Assert.InRange(many, 1.858 * 0.03 / 50, 1.858 * 0.05 / 50);

        double Error(int turns) => TypicalCosts.ErrorOf([.. Enumerable.Range(1, 7).Select(cost =>
            Enumerable.Range(0, turns).Select(turn => cost * (1 + (turn % 3)) * (0.9 + (random.NextDouble() * 0.2))).ToArray())]);
    }

    [Fact]
    public void What_takes_no_time_takes_none_and_disturbs_nobody()
    {
        double[] typical = TypicalCosts.Of([[0, 0, 0], [2, 2, 4], [0, 0, 6]]);
        Assert.Equal([0, 2, 0], typical.Select(time => Math.Round(time, 9)));
        Assert.Equal([0.0], TypicalCosts.Of([[0]]));
    }

    [Fact]
    public void Guest_and_harvest_are_taken_for_themselves_and_counts_are_counts()
    {
        CellCosts Round(double guest, double harvest) => new(guest, 1, harvest, 5, 6, 7, 8, 9, 10);
        CellCosts costs = TypicalCosts.Of([[Round(10, 4), Round(30, 2), Round(20, 2)], [Round(5, 40), Round(15, 20), Round(10, 20)]])[0];
        Assert.Equal(15, costs.Guest, 1e-9);
        Assert.Equal(2, costs.Harvest, 1e-9);
        Assert.Equal((1, 5, 6, 7, 8, 9, 10), (costs.Stall, costs.Faults, costs.FullExits, costs.Entries, costs.ResetCalls, costs.Invalidations, costs.BytesTouched));
    }
}
