using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.Migration;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>When the guest is stopped: the rule as a function.</summary>
public sealed class ConvergenceRuleTests
{
    private static readonly MigrationOptions Limits = new() { DowntimeLimit = TimeSpan.FromMilliseconds(300), MaximumRounds = 10 };

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 1e9, 0)]
    [InlineData(1000, 4096e3, 1000)]
    [InlineData(1, 4096, 1000)]
    [InlineData(262144, 1073741824, 1000)]
    public void The_estimate_is_the_dirty_bytes_by_the_bandwidth(long pages, double bandwidth, double milliseconds) =>
        Assert.Equal(milliseconds, ConvergenceRule.EstimateDowntime(pages, bandwidth).TotalMilliseconds, precision: 6);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, -1)]
    [InlineData(1, double.NaN)]
    [InlineData(long.MaxValue, double.Epsilon)]
    [InlineData(long.MaxValue, 1)]
    public void An_unknown_bandwidth_and_more_time_than_there_is_are_for_ever(long pages, double bandwidth) =>
        Assert.Equal(TimeSpan.MaxValue, ConvergenceRule.EstimateDowntime(pages, bandwidth));

    [Fact]
    public void More_pages_take_longer_and_more_bandwidth_takes_less()
    {
        Gen<(long Pages, double Bandwidth)> cases = Gen.Zip(Gen.Choose(0, int.MaxValue), Gen.Choose(1, int.MaxValue)).Select(pair => ((long)pair.Item1, pair.Item2 * 1000.0));
        Props.Check(
            Prop.ForAll(cases.ToArbitrary(), one =>
                ConvergenceRule.EstimateDowntime(one.Pages, one.Bandwidth) <= ConvergenceRule.EstimateDowntime(one.Pages + 1, one.Bandwidth)
                && ConvergenceRule.EstimateDowntime(one.Pages, one.Bandwidth) >= ConvergenceRule.EstimateDowntime(one.Pages, one.Bandwidth * 2)),
            nameof(More_pages_take_longer_and_more_bandwidth_takes_less));
    }

    [Theory]
    [InlineData(300, 1, 0, ConvergenceStep.Stop)]
    [InlineData(0, 10, 2, ConvergenceStep.Stop)]
    [InlineData(301, 1, 0, ConvergenceStep.Continue)]
    [InlineData(301, 9, 1, ConvergenceStep.Continue)]
    [InlineData(301, 9, 2, ConvergenceStep.Throttle)]
    [InlineData(301, 9, 3, ConvergenceStep.Throttle)]
    [InlineData(301, 10, 2, ConvergenceStep.StopAtAnyRate)]
    public void What_comes_after_a_round(int estimate, int number, int dirtyRounds, ConvergenceStep step) =>
        Assert.Equal(step, ConvergenceRule.Decide(Round(estimate, number), dirtyRounds, Limits));

    [Fact]
    public void A_migration_that_may_give_up_gives_up_at_the_last_round_and_not_before()
    {
        MigrationOptions limits = Limits with { AtMaximumRounds = RoundLimitPolicy.GiveUp };
        Assert.Equal(ConvergenceStep.GiveUp, ConvergenceRule.Decide(Round(301, 10), 0, limits));
        Assert.Equal(ConvergenceStep.Stop, ConvergenceRule.Decide(Round(300, 10), 0, limits));
        Assert.Equal(ConvergenceStep.Continue, ConvergenceRule.Decide(Round(301, 9), 0, limits));
    }

    [Fact]
    public void The_guest_is_never_stopped_above_the_limit_before_the_last_round()
    {
        Gen<(int Estimate, int Number, int DirtyRounds)> cases =
            Gen.Zip(Gen.Choose(0, 1000), Gen.Zip(Gen.Choose(1, 12), Gen.Choose(0, 4))).Select(one => (one.Item1, one.Item2.Item1, one.Item2.Item2));
        Props.Check(
            Prop.ForAll(cases.ToArbitrary(), one => ConvergenceRule.Decide(Round(one.Estimate, one.Number), one.DirtyRounds, Limits) switch
            {
                ConvergenceStep.Stop => one.Estimate <= 300,
                ConvergenceStep.StopAtAnyRate => one.Estimate > 300 && one.Number >= 10,
                ConvergenceStep.GiveUp => false,
                _ => one.Estimate > 300 && one.Number < 10,
            }),
            nameof(The_guest_is_never_stopped_above_the_limit_before_the_last_round));
    }

    [Theory]
    [InlineData(50, 100, 0.5, false)]
    [InlineData(51, 100, 0.5, true)]
    [InlineData(1, 0, 0.5, true)]
    [InlineData(0, 0, 0.0, false)]
    public void A_round_is_too_dirty_above_the_triggers_share_of_what_it_sent(long dirty, long sent, double trigger, bool isTooDirty)
    {
        MigrationRound round = Round(0, 1) with { DirtyPages = dirty, PagesSent = sent };
        Assert.Equal(isTooDirty, ConvergenceRule.IsTooDirty(in round, trigger));
    }

    private static MigrationRound Round(int estimate, int number) => new(
        number, false, 100, 0, 409600, TimeSpan.FromSeconds(1), 50, 1e6, 1e6, TimeSpan.FromMilliseconds(estimate), TimeSpan.Zero, 0);
}
