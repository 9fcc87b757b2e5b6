using RingKit.Interleaving;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Interleaving;

/// <summary>Every order that the structures name is needed: each, weakened, makes one of their programs fail.</summary>
public class MutantTests
{
    private const long Bound = 4_000;

    private static readonly Lazy<MutantReport> AllMutants = new(() => MutantReport.Run(
        ExploredStructures.All.SelectMany(structure => structure.MutantPrograms), new ExplorationOptions { MaximumExecutions = Bound }));

    [Fact]
    public void Every_weakened_order_is_noticed()
    {
        MutantReport report = AllMutants.Value;
        TestContext.Current.TestOutputHelper?.WriteLine(report.Table());
        if (LongRun.IsOn)
            Report.Line(report.ToString());
        Assert.True(report.Killed == report.Sites, report.Table());
    }

    // Who adds an ordered call adds a program that needs it. Code that fixes the hardware's order, as the simulated machine does, cannot be
    // run on a model; the library has none.
    [Fact]
    public void Every_ordered_call_of_the_library_is_met_by_a_program_for_mutants()
    {
        IReadOnlyList<string> calls = OrderedCalls.Of("src", "TOrdering");
        string[] met = [.. AllMutants.Value.Verdicts
            .Select(verdict => OrderedCalls.Key(verdict.Mutant.Site.File, verdict.Mutant.Site.Line))
            .Where(site => site.StartsWith("src/", StringComparison.Ordinal))
            .Distinct()];
        string[] unmet = [.. calls.Except(met, StringComparer.Ordinal)];
        Report.Line($"ordered calls in src {calls.Count}, met {met.Length}{string.Concat(unmet.Select(site => $"\n  not met: {site}"))}");
        Assert.Empty(met.Except(calls, StringComparer.Ordinal));
        Assert.Empty(unmet);

        // Two on one line would be one site.
        Assert.Equal(calls.Distinct(StringComparer.Ordinal), calls);
        Assert.Equal(OrderedCalls.Of(Path.Combine("src", "RingKit"), @"\w+"), OrderedCalls.Of(Path.Combine("src", "RingKit"), "TOrdering"));
    }

    // Of a passing test a plain `dotnet test` prints nothing, of a skipped one the reason: so this one carries the line over all mutants.
    [Fact]
    public void Programs_for_mutants_hold_in_random_executions_in_the_long_run()
    {
        Assert.SkipUnless(LongRun.IsOn, $"{AllMutants.Value}\n  RINGKIT_LONG is not set: the programs as they are end at {Bound} executions.");
        ulong seed = (ulong)Environment.TickCount64;
        foreach (ModelProgram program in ExploredStructures.All.SelectMany(structure => structure.MutantPrograms))
            Report.Line(Explorer.Sample(program, seed, 50_000).ThrowIfFailed().ToString());
    }
}
