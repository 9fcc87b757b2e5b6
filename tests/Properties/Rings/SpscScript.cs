using RingKit.Rings;

namespace RingKit.Properties.Rings;

/// <summary>A program of one producer and one consumer. Each goes through its steps over and over, until all items have passed.</summary>
internal sealed record SpscScript(int Capacity, int Total, RingStep[] Pushes, RingStep[] Pops)
{
    public FullPolicy Policy { get; init; } = FullPolicy.Reject;

    public RingWaiting Waiting { get; init; }

    /// <summary>The producer says that no more comes, and the consumer ends on its word. Otherwise it counts.</summary>
    public bool Completes { get; init; }

    /// <summary>A third thread asks how many items there are.</summary>
    public bool IsObserved { get; init; }

    public ulong Start { get; init; }

    public bool Overwrites => Policy == FullPolicy.OverwriteOldest;

    public override string ToString() =>
        $"push {RingStep.Show(Pushes)} | pop {RingStep.Show(Pops)}{(IsObserved ? " | count" : "")}, capacity {Capacity}, {Total} items, {Policy}, {Waiting}"
        + $"{(Completes ? ", completes" : "")}{(Start == 0 ? "" : $", from {Start}")}";
}
