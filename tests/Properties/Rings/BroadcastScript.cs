using RingKit.Rings;

namespace RingKit.Properties.Rings;

/// <summary>A program of one writer and one or two readers.</summary>
internal sealed record BroadcastScript(int Capacity, int Total, RingStep[] Writes, RingStep[] Reads)
{
    public LaggardPolicy Policy { get; init; } = LaggardPolicy.Block;

    public RingWaiting Waiting { get; init; }

    public int Readers { get; init; } = 1;

    /// <summary>The last reader joins while the others are at work. Otherwise all are there from the start.</summary>
    public bool Joins { get; init; }

    /// <summary>The last reader leaves after its first item.</summary>
    public bool Leaves { get; init; }

    /// <summary>Having left, it joins again.</summary>
    public bool Rejoins { get; init; }

    /// <summary>One more thread throws the first reader out.</summary>
    public bool Detaches { get; init; }

    public bool Waits => Policy == LaggardPolicy.Block;

    public override string ToString() =>
        $"write {RingStep.Show(Writes)} | {Readers} read {RingStep.Show(Reads)}, capacity {Capacity}, {Total} items, {Policy}, {Waiting}"
        + $"{(Joins ? ", the last one joins" : "")}{(Leaves ? ", the last one leaves" : "")}"
        + $"{(Rejoins ? " and joins again" : "")}{(Detaches ? ", the first one is thrown out" : "")}";
}
