using RingKit.Interleaving;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Interleaving;

/// <summary>The reduction leaves out executions, never outcomes; a bound leaves out outcomes, and fewer the higher it is.</summary>
public class ReductionTests
{
    [Fact]
    public void The_reduction_keeps_every_outcome_of_random_programs()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        long reduced = 0, redundant = 0, full = 0;
        for (int i = 0; i < (LongRun.IsOn ? 2_000 : 60); i++)
        {
            RandomProgram random = RandomProgram.Generate(new Random(seed + i));
            var options = new ExplorationOptions { StopAtFailure = false };
            ExplorationResult a = Explorer.Explore(random.Program, options);
            ExplorationResult b = Explorer.Explore(random.Program, options with { Reduction = Reduction.None });
            reduced += a.Executions;
            redundant += a.Redundant;
            full += b.Executions;
            Assert.True(
                a.Outcomes.Keys.SequenceEqual(b.Outcomes.Keys, StringComparer.Ordinal) && a.Failures > 0 == b.Failures > 0,
                $"seed {seed + i}:\n{random}with: {string.Join("; ", a.Outcomes.Keys)}\nwithout: {string.Join("; ", b.Outcomes.Keys)}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{reduced} executions and {redundant} redundant ones, {full} without reduction");
        Assert.True(reduced < full);
    }

    // Only read-modify-writes, which read no old stores: what they see needs the other thread to be interrupted that often.
    [Fact]
    public void A_higher_bound_on_preemptions_finds_more()
    {
        ModelProgram<Words> program = Words.Program("interrupted", w => $"{w.R[0]},{w.R[1]}",
            w => { O.OrRelease(ref w.X, 1); O.OrRelease(ref w.X, 2); O.OrRelease(ref w.X, 4); },
            w => { w.R[0] = O.FetchOrRelease(ref w.X, 0); w.R[1] = O.FetchOrRelease(ref w.X, 0); });
        List<HashSet<string>> found = [];
        for (int bound = 0; bound <= 4; bound++)
        {
            ExplorationResult result = Explorer.Explore(program, new ExplorationOptions { PreemptionBound = bound }).ThrowIfFailed();
            TestContext.Current.TestOutputHelper?.WriteLine($"bound {bound}: {result}");
            found.Add([.. result.Outcomes.Keys]);
            if (bound > 0)
                Assert.Superset(found[bound - 1], found[bound]);
        }

        Assert.Equal(["0,0", "7,7"], found[0].Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Contains("1,1", found[1]);
        Assert.Contains("1,3", found[3]);
        Assert.Equal(Explorer.Explore(program).Outcomes.Keys, found[4].Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }
}
