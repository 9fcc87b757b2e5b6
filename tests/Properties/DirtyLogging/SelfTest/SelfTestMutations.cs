using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>The self-test against broken logs: each mutation is found, over every log and every page table.</summary>
[Collection(RunAlone.Name)]
public sealed class SelfTestMutations
{
    private const int Iterations = 4;

    public static TheoryData<SelfTestMutation> Mutations => [.. Enum.GetValues<SelfTestMutation>().Where(mutation => mutation != SelfTestMutation.None)];

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Every_mutation_of_every_log_is_found(SelfTestMutation mutation)
    {
        int seed = Environment.TickCount, repeats = LongRun.IsOn ? 50 : 1;
        foreach (SelfTestCase test in Enumerable.Repeat(SelfTestCases.Chosen, repeats).SelectMany(tests => tests))
        {
            seed++;
            using var run = new SelfTestRun(test, vcpus: 2, seed, mutation);
            run.Run(Iterations, TimeSpan.Zero);
            string invariant = mutation is SelfTestMutation.MarksNeighbour or SelfTestMutation.LeavesStaleValue ? "I1" : "I2";
            Assert.True(
                run.World.Violations.Count > 0 && run.World.Violations.All(violation => violation.StartsWith(invariant, StringComparison.Ordinal) || mutation == SelfTestMutation.ReportsLate),
                $"{test.Name}, seed {seed}: {mutation} was not found: {string.Join(", ", run.World.Violations)} {run.World.Broken}");
            if (mutation == SelfTestMutation.MissesInLast)
                Assert.Equal($"I2, iteration {Iterations}", Assert.Single(run.World.Violations).Split(':')[0]);
        }

        Report.Line($"{mutation}: found in {SelfTestCases.All.Count} logs, seed {seed}");
    }
}
