using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>
/// The self-test against broken logs: each mutation is found, over every log and every page table, on one thread and with vCPUs on threads of their own.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class SelfTestMutations
{
    private const int Iterations = 4;

    public static TheoryData<SelfTestMutation> Mutations => [.. Enum.GetValues<SelfTestMutation>().Where(mutation => mutation != SelfTestMutation.None)];

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Every_mutation_of_every_log_is_found_in_any_order_of_steps(SelfTestMutation mutation)
    {
        foreach (SelfTestCase test in SelfTestCases.Chosen)
        {
            // The last iteration, whatever came before, has pages enough that one of them is the mutant's.
            var random = new Random(27);
            (int Kind, int Page)[] steps =
            [
                .. Enumerable.Range(0, 60).Select(_ => (random.Next(SelfTestScript.Kinds), random.Next(SelfTestMemory.PageCount))),
                (24, 0),
                .. Enumerable.Range(0, 20).Select(i => (2 + (i % 2), (2 * random.Next(SelfTestMemory.PageCount / 2)) + 1)),
            ];
            Assert.Empty(SelfTestScript.Run(test, vcpus: 2, steps));
            CheckIsFound(mutation, SelfTestScript.Run(test, vcpus: 2, steps, mutation), test.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Every_mutation_of_a_log_is_found_beside_running_vcpus(SelfTestMutation mutation)
    {
        int seed = Environment.TickCount, found = 0;
        for (int repeat = 0; repeat < (LongRun.IsOn ? 20 : 1); repeat++)
        {
            foreach (SelfTestCase test in LongRun.IsOn ? SelfTestCases.Chosen : SelfTestCases.Quarter(seed))
            {
                using var run = new SelfTestRun(test, vcpus: 2, ++seed, mutation);
                run.Run(Iterations, TimeSpan.Zero);
                CheckIsFound(mutation, run.World.Violations, $"{test.Name}, seed {seed}");
                if (mutation == SelfTestMutation.MissesInLast)
                    Assert.Equal($"I2, iteration {Iterations}", Assert.Single(run.World.Violations).Split(':')[0]);
                found++;
            }
        }

        Report.Line($"{mutation}: found {found} times, seeds to {seed}");
    }

    // One that is late is missed first, and too much then.
    private static void CheckIsFound(SelfTestMutation mutation, IReadOnlyList<string> violations, string name)
    {
        string invariant = mutation is SelfTestMutation.MarksNeighbour or SelfTestMutation.LeavesStaleValue ? "I1" : "I2";
        Assert.True(violations.Count > 0, $"{name}: {mutation} was not found");
        Assert.True(
            mutation == SelfTestMutation.ReportsLate || violations.All(violation => violation.StartsWith(invariant, StringComparison.Ordinal)),
            $"{name}: {mutation} was found by {string.Join(", ", violations)}");
    }
}
