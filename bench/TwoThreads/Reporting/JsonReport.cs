using System.Text.Json;
using RingKit.Bench.TwoThreads.Contenders;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Reporting;

/// <summary>The report with every run, for a program.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Write(TextWriter output, Outcome outcome) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            outcome.IsQuick,
            outcome.Machine,
            outcome.LoadBefore,
            outcome.LoadAfter,
            outcome.Notes,
            Cases = outcome.Cases.Select(item => new
            {
                item.Name,
                item.Operation,
                Contenders = item.Contenders.Select(contender => Figures(contender, outcome)),
                Floors = item.Floors.Select(floor => Figures(floor, outcome.Reached(floor))),
            }),
        },
        Layout));

    private static object Figures(Contender contender, Outcome outcome)
    {
        Samples samples = outcome.Samples[contender];
        return new
        {
            contender.Name,
            contender.Operations,
            samples.Median,
            samples.Best,
            samples.Worst,
            samples.Spread,
            Nanoseconds = samples.Runs.Select(run => run.Nanoseconds),
            Switches = samples.Runs.Select(run => run.Switches),
            IsRight = samples.Runs.All(run => run.IsRight),
        };
    }

    private static object Figures(Floor floor, double reached) =>
        new { floor.Text, floor.Bound, floor.IsUpper, Reached = reached, Holds = floor.Holds(reached) };
}
