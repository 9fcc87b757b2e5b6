using RingKit.Bench.TwoThreads.Contenders;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Reporting;

/// <summary>All that a report is made of.</summary>
/// <param name="IsQuick">Whether nothing was measured, and so no floor can be missed.</param>
/// <param name="Machine">Where.</param>
/// <param name="LoadBefore">The load averages before the first run.</param>
/// <param name="LoadAfter">And after the last.</param>
/// <param name="Cases">What.</param>
/// <param name="Samples">The runs.</param>
/// <param name="Notes">What a reader has to know beside the figures.</param>
internal sealed record Outcome(
    bool IsQuick,
    Machine Machine,
    string LoadBefore,
    string LoadAfter,
    IReadOnlyList<Case> Cases,
    IReadOnlyDictionary<Contender, Samples> Samples,
    IReadOnlyList<string> Notes)
{
    public IEnumerable<Contender> Wrong => Samples.Where(pair => pair.Value.Runs.Any(run => !run.IsRight)).Select(pair => pair.Key);

    public double Reached(Floor floor) => floor.Measure([.. floor.Involved.Select(contender => Samples[contender])]);
}
