using RingKit.Rings;
using RingKit.Rings.Waiting;

namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>An <see cref="MpscRing{T}"/> that blocks, waiting by its own default.</summary>
internal readonly struct MpscPort(MpscRing<Item> ring) : IItemPort, IBatchPort
{
    private readonly MpscProducer<Item> _producer = ring.Producer;
    private readonly MpscConsumer<Item> _consumer = ring.Consumer;

    public void Push(Item item) => _producer.Push(item);

    public Item Pop()
    {
        _consumer.Pop(out Item item);
        return item;
    }

    public void Push(ReadOnlySpan<Item> items) => _producer.Push(items);

    public int Pop(Span<Item> items)
    {
        int count;
        while ((count = _consumer.TryPop(items)) == 0)
            _consumer.WaitForItems<YieldingWait>(Timeout.InfiniteTimeSpan);
        return count;
    }
}
