namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>A queue, many items at a time; both calls wait.</summary>
internal interface IBatchPort
{
    void Push(ReadOnlySpan<Item> items);

    /// <summary>Takes what there is, at least one item.</summary>
    int Pop(Span<Item> items);
}
