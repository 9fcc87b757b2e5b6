using RingKit.Rings;

namespace RingKit.Properties.Rings;

/// <summary>A program of one or two producers, each of so many items, and one consumer.</summary>
internal sealed record MpscScript(int Capacity, int[] Totals, RingStep[] Pushes, RingStep[] Pops)
{
    public FullPolicy Policy { get; init; } = FullPolicy.Reject;

    public RingWaiting Waiting { get; init; }

    /// <summary>The last thread to produce says that no more comes. For one producer: the others would be refused.</summary>
    public bool Completes { get; init; }

    /// <summary>Each producer begins with a claim that it gives up.</summary>
    public bool Aborts { get; init; }

    /// <summary>The first producer waits for room at its end, and so tells the others how far the consumer is.</summary>
    public bool Asks { get; init; }

    /// <summary>One more thread asks how many items there are.</summary>
    public bool IsObserved { get; init; }

    public bool Overwrites => Policy == FullPolicy.OverwriteOldest;

    public int Total => Totals.Sum();

    public override string ToString() =>
        $"{string.Join(" | ", Totals.Select(total => $"push {total} by {RingStep.Show(Pushes)}"))} | pop {RingStep.Show(Pops)}"
        + $"{(IsObserved ? " | count" : "")}, capacity {Capacity}, {Policy}, {Waiting}{(Completes ? ", completes" : "")}{(Aborts ? ", aborts" : "")}{(Asks ? ", asks" : "")}";
}
