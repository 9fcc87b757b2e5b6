using System.Globalization;
using RingKit.Bench.TwoThreads.Contenders;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Reporting;

/// <summary>The report that a person reads.</summary>
internal static class TextReport
{
    public static void Write(TextWriter output, Outcome outcome)
    {
        Machine machine = outcome.Machine;
        output.WriteLine($"{machine.Processor}, {machine.Cores} cores (core 0 shares with {machine.SharedWithFirst}); {machine.System}; {machine.Runtime}");
        output.WriteLine($"load average {outcome.LoadBefore} before, {outcome.LoadAfter} after; {machine.Pinning}");
        output.WriteLine($"16-byte items, queues of {Catalogue.Capacity}; times / ours: median (least .. most) of the pairs of neighbouring runs");
        foreach (string note in outcome.Notes)
            output.WriteLine(note);
        foreach (Case item in outcome.Cases)
            WriteCase(output, item, outcome);
        foreach (Contender wrong in outcome.Wrong)
            output.WriteLine($"WRONG SUMS: {wrong.Name}");
    }

    private static void WriteCase(TextWriter output, Case item, Outcome outcome)
    {
        Samples ours = outcome.Samples[item.Contenders[0]];
        output.WriteLine();
        output.WriteLine($"{item.Name}: ns per {item.Operation}, {ours.Runs.Count} runs");
        output.WriteLine($"  {"",-40} {"median",8} {"best",8} {"worst",8} {"worst/med",9} {"spread",7} {"M/s",7} {"switches",9}   time / ours");
        foreach (Contender contender in item.Contenders)
        {
            Samples samples = outcome.Samples[contender];
            string figures = Invariant(
                $"{samples.Median,8:F2} {samples.Best,8:F2} {samples.Worst,8:F2} {samples.Worst / samples.Median,9:F2} {samples.Spread,7:P0} {1000 / samples.Median,7:F1} {samples.Switches,9}");
            output.WriteLine($"  {contender.Name,-40} {figures}   {Pairs(ours.SpeedUpOver(samples))}");
        }

        foreach (Floor floor in outcome.IsQuick ? [] : item.Floors)
        {
            double reached = outcome.Reached(floor);
            string bound = Invariant($"{(floor.IsUpper ? "at most" : "at least")} {floor.Bound:0.##}, reached {reached:F2}");
            output.WriteLine($"  floor: {floor.Text} {bound}: {(floor.Holds(reached) ? "holds" : "MISSED")}");
        }
    }

    private static string Pairs(double[] ratios) => Invariant($"{Samples.MedianOf(ratios):F2} ({ratios[0]:F2} .. {ratios[^1]:F2})");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
