namespace RingKit.Properties.Rings;

/// <summary>What every ring does alike with one thread at each end, on a ring whose indices start anywhere.</summary>
internal interface IRingRig : IDisposable
{
    /// <summary>Whether slots that a claim gives back stay used until the consumer has passed them.</summary>
    static abstract bool AbortedSlotsStay { get; }

    static abstract IRingRig Make(int capacity, ulong startIndex);

    int Count { get; }

    int Available { get; }

    bool IsCompleted { get; }

    bool TryPush(Item item);

    int TryPush(ReadOnlySpan<Item> items);

    /// <summary>Claims slots, fills them, commits the first and aborts the rest.</summary>
    int Claim(ReadOnlySpan<Item> items, int commit);

    bool TryPop(out Item item);

    int TryPop(Span<Item> items);

    /// <summary>Peeks, copies what it saw, and releases the first.</summary>
    Item[] Peek(int maximum, int release);

    void Complete();
}
