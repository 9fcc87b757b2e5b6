using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>One word of shared memory in one execution: its stores in modification order, and who touched it when.</summary>
internal sealed class Location
{
    private StoreRecord[] _stores = new StoreRecord[8];
    private int[] _reads = new int[16];

    public nuint Address { get; private set; }

    public int Size { get; private set; }

    /// <summary>Numbered in the order of first use: the same in every execution that begins with the same steps.</summary>
    public int Index { get; private set; }

    /// <summary>The stores, oldest in modification order first. Empty until the first atomic access.</summary>
    public ReadOnlySpan<StoreRecord> Stores => _stores.AsSpan(0, StoreCount);

    public int StoreCount { get; private set; }

    /// <summary>The steps that read atomically, read-modify-writes included.</summary>
    public ReadOnlySpan<int> ReadSteps => _reads.AsSpan(0, ReadCount);

    private int ReadCount { get; set; }

    // For each thread the clock of its last access of each kind; 0 if there was none. Two accesses race if one of them is plain, one
    // of them writes, and the later does not know the earlier. The last one of a thread stands for all: who knows it knows the others.
    public Vector128<int> PlainReads;
    public Vector128<int> PlainWrites;
    public Vector128<int> AtomicReads;
    public Vector128<int> AtomicWrites;

    // As PlainReads, of reads that the thread has not decided yet to keep.
    public Vector128<int> TentativeReads;

    public void Begin(nuint address, int size, int index)
    {
        Address = address;
        Size = size;
        Index = index;
        StoreCount = 0;
        ReadCount = 0;
        PlainReads = PlainWrites = AtomicReads = AtomicWrites = TentativeReads = default;
    }

    public void Insert(int position, StoreRecord store)
    {
        if (StoreCount == _stores.Length)
            Array.Resize(ref _stores, StoreCount * 2);
        Array.Copy(_stores, position, _stores, position + 1, StoreCount - position);
        _stores[position] = store;
        StoreCount++;
    }

    public void AddRead(int step)
    {
        if (ReadCount == _reads.Length)
            Array.Resize(ref _reads, ReadCount * 2);
        _reads[ReadCount++] = step;
    }

    public int PositionOf(StoreRecord store) => Array.IndexOf(_stores, store, 0, StoreCount);

    /// <summary>The oldest store that a holder of this view may still read: coherence excludes those before it.</summary>
    public int Floor(Vector128<int> view)
    {
        int position = StoreCount - 1;
        while (position > 0 && !Clocks.KnowsAny(view, _stores[position].SeenBy))
            position--;
        return position;
    }

    /// <summary>Whether a store may be put after this position: a read-modify-write stays next to the store that it read.</summary>
    public bool IsOpenAfter(int position) => position + 1 == StoreCount || !_stores[position + 1].IsReadModifyWrite;

    /// <summary>Whether there is a store after this one that holds another value.</summary>
    public bool HasNewsSince(StoreRecord store)
    {
        for (int position = StoreCount - 1; position >= 0 && !ReferenceEquals(_stores[position], store); position--)
        {
            if (_stores[position].Value != store.Value)
                return true;
        }

        return false;
    }
}
