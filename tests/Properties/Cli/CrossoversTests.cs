using RingKit.Cli.Harvest.Findings;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class CrossoversTests
{
    [Fact]
    public void Straight_lines_on_logarithmic_paper_cross_where_they_do()
    {
        // 2n against 1000: at 500. 1000 against n / 100: at 100,000.
        CostLine ring = Line("ring", pages => 2 * pages);
        CostLine summary = Line("summary", _ => 1000);
        CostLine bitmap = Line("bitmap", pages => Math.Max(5000, pages / 100));
        IReadOnlyList<Reign> reigns = Crossovers.Reigns([ring, summary]);
        Assert.Equal(["ring", "summary"], reigns.Select(reign => reign.Log));
        Assert.Equal(1, reigns[0].From);
        Assert.Equal(500, reigns[0].To, 1e-6);
        Assert.Equal(reigns[0].To, reigns[1].From);
        Assert.Equal(1e6, reigns[1].To);
        Assert.Equal(500, Crossovers.Below(ring, summary)!.Value, 1e-6);

        // Between 1000 pages, where the bitmap costs 5000, and 10,000, it is taken for a straight line, and is one.
        Assert.Equal(2500, Crossovers.Below(ring, bitmap)!.Value, 1e-6);
    }

    [Fact]
    public void Who_is_cheapest_everywhere_reigns_alone()
    {
        CostLine low = Line("low", _ => 1), high = Line("high", pages => 2 + pages);
        Assert.Equal([new Reign("low", 1, 1e6)], Crossovers.Reigns([low, high]));
        Assert.Equal([new Reign("low", 1, 1e6)], Crossovers.Reigns([high, low]));
        Assert.Equal(1e6, Crossovers.Below(low, high));
        Assert.Null(Crossovers.Below(high, low));
    }

    [Fact]
    public void Noise_makes_no_crossing()
    {
        CostLine one = new("one", [(1, 100), (10, 100), (100, 100), (1000, 100)]);
        CostLine other = new("other", [(1, 101), (10, 95), (100, 108), (1000, 92)]);
        Assert.Equal([new Reign("one", 1, 1000)], Crossovers.Reigns([one, other]));
        Assert.Null(Crossovers.Below(one, other));
    }

    [Fact]
    public void Where_two_logs_come_to_cost_the_same_the_first_one_is_cheaper_up_to_the_last_count_at_which_it_was()
    {
        CostLine one = new("one", [(1, 10), (10, 20), (100, 99), (1000, 100)]);
        CostLine other = new("other", [(1, 50), (10, 60), (100, 100), (1000, 98)]);
        Assert.Equal(10, Crossovers.Below(one, other));
    }

    [Fact]
    public void A_log_that_had_already_become_a_little_cheaper_takes_over_there()
    {
        CostLine one = new("one", [(1, 100), (10, 105), (100, 200)]);
        CostLine other = new("other", [(1, 150), (10, 100), (100, 100)]);
        Assert.Equal([new Reign("one", 1, 10), new Reign("other", 10, 100)], Crossovers.Reigns([one, other]));
    }

    [Fact]
    public void A_crossing_behind_no_dirty_page_at_all_is_found_on_a_straight_line()
    {
        CostLine one = new("one", [(0, 1), (100, 16)]);
        CostLine other = new("other", [(0, 4), (100, 4)]);
        Assert.Equal(50, Assert.Single(Crossovers.Reigns([one, other]), reign => reign.Log == "one").To, 1e-6);
    }

    [Fact]
    public void The_last_of_several_crossings_counts_for_two_logs()
    {
        CostLine one = new("one", [(1, 1), (10, 3), (100, 1), (1000, 4)]);
        CostLine other = new("other", [(1, 2), (10, 2), (100, 2), (1000, 2)]);
        Assert.Equal(Math.Pow(10, 2.5), Crossovers.Below(one, other)!.Value, 1e-6);
    }

    private static CostLine Line(string log, Func<double, double> cost) =>
        new(log, [.. Enumerable.Range(0, 7).Select(power => Math.Pow(10, power)).Select(pages => (pages, cost(pages)))]);
}
