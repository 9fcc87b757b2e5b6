namespace RingKit.Properties.DirtyRings.Overflow;

/// <summary>What the two parties of an <see cref="OverflowProgram"/> do.</summary>
/// <param name="Capacity">Entries of the ring.</param>
/// <param name="Collections">How many collections run beside the producer; one more follows when both have ended.</param>
/// <param name="Pages">The pages that the producer stores to and pushes, each time anew.</param>
internal sealed record OverflowScript(int Capacity, int Collections, params int[] Pages)
{
    /// <summary>Where the ring's indices begin.</summary>
    public uint Start { get; init; }

    /// <summary>The batch at which the target throws, counted from 0 over all collections; -1 for none.</summary>
    public int FailingBatch { get; init; } = -1;

    public override string ToString() =>
        $"push {string.Join(" ", Pages)} | collect {Collections} times{(FailingBatch < 0 ? "" : $", batch {FailingBatch} fails")}"
        + $", capacity {Capacity} from {Start}";
}
