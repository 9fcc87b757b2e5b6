namespace RingKit.Properties.Rings;

/// <summary>What a bounded queue is: the reference for all rings.</summary>
internal sealed class RingModel(int capacity, bool abortedSlotsStay)
{
    // A slot that was claimed and given back holds null.
    private readonly Queue<ulong?> _slots = new();
    private ulong _next;
    private int _taken;

    public int Used => _slots.Count;

    public ulong Pushed { get; private set; }

    public Item Next() => new(_next);

    public Item[] Next(int count) => [.. Enumerable.Range(0, count).Select(i => new Item(_next + (uint)i))];

    /// <summary>Moves to the sequence numbers behind those that were just offered.</summary>
    public void Advance()
    {
        _next += (uint)_taken;
        _taken = 0;
    }

    public int Push(int count) => Claim(count, count);

    public int Claim(int count, int commit)
    {
        int claimed = Math.Min(count, capacity - _slots.Count);
        for (int i = 0; i < claimed; i++)
        {
            if (i < commit)
                _slots.Enqueue(_next + (uint)i);
            else if (abortedSlotsStay)
                _slots.Enqueue(null);
        }

        _taken = claimed;
        Pushed += (uint)Math.Min(claimed, commit);
        return claimed;
    }

    /// <summary>What can be taken together: up to the next slot that was given back.</summary>
    public ulong[] Peek(int count)
    {
        while (count != 0 && _slots.TryPeek(out ulong? first) && first is null)
            _slots.Dequeue();
        return [.. _slots.TakeWhile(slot => slot is not null).Take(count).Select(slot => slot!.Value)];
    }

    public ulong[] Pop(int count)
    {
        ulong[] taken = Peek(count);
        foreach (ulong _ in taken)
            _slots.Dequeue();
        return taken;
    }
}
