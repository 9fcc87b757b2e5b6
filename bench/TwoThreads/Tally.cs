namespace RingKit.Bench.TwoThreads;

/// <summary>What a receiver saw: two additions an item, so that the check costs little beside what it checks.</summary>
internal struct Tally
{
    private ulong _sequences;
    private ulong _payloads;

    public void Add(in Item item)
    {
        _sequences += item.Sequence;
        _payloads += item.Payload;
    }

    public void Add(ReadOnlySpan<Item> items)
    {
        ulong sequences = _sequences;
        ulong payloads = _payloads;
        foreach (ref readonly Item item in items)
        {
            sequences += item.Sequence;
            payloads += item.Payload;
        }

        _sequences = sequences;
        _payloads = payloads;
    }

    /// <summary>Whether these are the sums over the sequence numbers from 0 to count - 1, each with its payload.</summary>
    public readonly bool Matches(long count)
    {
        ulong expected = (ulong)(Int128.One * count * (count - 1) / 2);
        return _sequences == expected && _payloads == unchecked(expected * Item.Factor);
    }
}
