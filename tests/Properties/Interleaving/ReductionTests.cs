using RingKit.Interleaving;
using Xunit;

namespace RingKit.Properties.Interleaving;

/// <summary>The reduction leaves out executions, never outcomes; a bound leaves out outcomes, and fewer the higher it is.</summary>
public class ReductionTests
{
    private static readonly bool Long = string.Equals(Environment.GetEnvironmentVariable("RINGKIT_LONG"), "1", StringComparison.Ordinal);

    [Fact]
    public void The_reduction_keeps_every_outcome_of_random_programs()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        long reduced = 0, redundant = 0, full = 0;
        for (int i = 0; i < (Long ? 20_000 : 300); i++)
        {
            RandomProgram random = RandomProgram.Generate(new Random(seed + i));
            ExplorationResult a = Explorer.Explore(random.Program, new ExplorationOptions { StopAtFailure = false });
            ExplorationResult b = Explorer.Explore(random.Program, new ExplorationOptions { Reduction = Reduction.None, StopAtFailure = false });
            reduced += a.Executions;
            redundant += a.Redundant;
            full += b.Executions;
            Assert.True(
                a.Outcomes.Keys.SequenceEqual(b.Outcomes.Keys, StringComparer.Ordinal) && a.Failures > 0 == b.Failures > 0,
                $"seed {seed + i}:\n{random}\nonly with: {string.Join(" ", a.Outcomes.Keys.Except(b.Outcomes.Keys, StringComparer.Ordinal))}"
                + $"\nonly without: {string.Join(" ", b.Outcomes.Keys.Except(a.Outcomes.Keys, StringComparer.Ordinal))}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{reduced} executions and {redundant} redundant ones, {full} without reduction");
        Assert.True(reduced < full);
    }
}
