using System.Diagnostics;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Interleaving;

/// <summary>Programs that FsCheck makes up, each in all its executions, or in the first ones and random ones where there are too many.</summary>
public class GeneratedPrograms
{
    private static readonly long Bound = LongRun.IsOn ? 200_000 : 1_000;
    private static readonly long Samples = LongRun.IsOn ? 50_000 : 300;
    private static readonly int Cases = LongRun.IsOn ? 1_000 : 20;

    public static TheoryData<string> Structures => [.. ExploredStructures.All.Select(structure => structure.Name)];

    [Theory]
    [MemberData(nameof(Structures))]
    public void The_contract_holds_in_programs_by_chance(string name)
    {
        ExploredStructure structure = ExploredStructures.All.Single(one => string.Equals(one.Name, name, StringComparison.Ordinal));
        int exhausted = 0, programs = 0;
        long executions = 0, random = 0;
        long begun = Stopwatch.GetTimestamp();

        // The seed belongs to the case, so that what replays the case replays its random executions.
        var cases =
            from program in structure.Programs
            from seed in Gen.Choose(0, int.MaxValue)
            select (Program: program, Seed: seed);
        Props.Check(
            Prop.ForAll(cases.ToArbitrary(), one =>
            {
                ExplorationResult all = Explorer.Explore(one.Program, new ExplorationOptions { MaximumExecutions = Bound }).ThrowIfFailed();
                executions += all.Executions + all.Redundant;
                programs++;
                if (all.IsComplete)
                {
                    exhausted++;
                    return;
                }

                ExplorationResult some = Explorer.Sample(one.Program, (ulong)one.Seed, Samples).ThrowIfFailed();
                random += some.Executions;
            }),
            $"programs of the {name}",
            maxTest: Cases);
        Report.Line(
            $"{name}: {programs} generated programs, {exhausted} of them in all executions; {executions} executions and {random} random ones"
            + $" in {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s");
    }
}
