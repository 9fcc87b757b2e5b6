using RingKit.Rings;

namespace RingKit.Properties.Rings;

/// <summary>A broadcast ring with one reader that the writer waits for: then it is a queue as the others are.</summary>
internal sealed class BroadcastRig : IRingRig
{
    private readonly RingMemory _memory;
    private readonly BroadcastRing<Item> _ring;
    private readonly BroadcastReader<Item> _reader;

    public BroadcastRig(RingMemory memory)
    {
        _memory = memory;
        _ring = BroadcastRing<Item>.Attach(memory.View);
        _reader = _ring.Join();
    }

    public static bool AbortedSlotsStay => false;

    public int Count => (int)_ring.Slowest.Items;

    public int Available => _reader.Available;

    public bool IsCompleted => _reader.IsCompleted;

    public static IRingRig Make(int capacity, ulong startIndex) =>
        new BroadcastRig(new RingMemory(SharedRingLayout.KindBroadcast, capacity, startIndex, cursors: 3));

    public bool TryPush(Item item) => _ring.Writer.TryWrite(item);

    public int TryPush(ReadOnlySpan<Item> items) => _ring.Writer.TryWrite(items);

    public int Claim(ReadOnlySpan<Item> items, int commit) => Claims.Fill(_ring.Writer.Claim(items.Length), items, commit);

    public bool TryPop(out Item item) => NoGap(_reader.TryRead(out item, out ulong gap), gap);

    public int TryPop(Span<Item> items) => NoGap(_reader.Read(items, out ulong gap), gap);

    public Item[] Peek(int maximum, int release) => Claims.Look(_reader.Peek(maximum), release);

    public void Complete() => _ring.Writer.Complete();

    public void Dispose()
    {
        _reader.Dispose();
        _ring.Dispose();
        _memory.Dispose();
    }

    private static TResult NoGap<TResult>(TResult result, ulong gap) =>
        gap == 0 ? result : throw new InvalidOperationException($"A gap of {gap} items in a ring that drops nothing.");
}
