using RingKit.Rings;

namespace RingKit.Properties.Rings;

internal sealed class SpscRig(RingMemory memory) : IRingRig
{
    private readonly SpscRing<Item> _ring = SpscRing<Item>.Attach(memory.View);

    public static bool AbortedSlotsStay => false;

    public int Count => _ring.Count;

    public int Available => _ring.Consumer.Available;

    public bool IsCompleted => _ring.Consumer.IsCompleted;

    public static IRingRig Make(int capacity, ulong startIndex) =>
        new SpscRig(new RingMemory(SharedRingLayout.KindSpsc, capacity, startIndex));

    public bool TryPush(Item item) => _ring.Producer.TryPush(item);

    public int TryPush(ReadOnlySpan<Item> items) => _ring.Producer.TryPush(items);

    public int Claim(ReadOnlySpan<Item> items, int commit) => Claims.Fill(_ring.Producer.Claim(items.Length), items, commit);

    public bool TryPop(out Item item) => _ring.Consumer.TryPop(out item);

    public int TryPop(Span<Item> items) => _ring.Consumer.TryPop(items);

    public Item[] Peek(int maximum, int release) => Claims.Look(_ring.Consumer.Peek(maximum), release);

    public void Complete() => _ring.Producer.Complete();

    public void Dispose()
    {
        _ring.Dispose();
        memory.Dispose();
    }
}
