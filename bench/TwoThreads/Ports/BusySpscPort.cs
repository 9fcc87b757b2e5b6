using RingKit.Rings;
using RingKit.Rings.Waiting;

namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>An <see cref="SpscRing{T}"/> whose ends never give their cores away.</summary>
internal readonly struct BusySpscPort(SpscRing<Item> ring) : IItemPort
{
    private readonly SpscProducer<Item> _producer = ring.Producer;
    private readonly SpscConsumer<Item> _consumer = ring.Consumer;

    public void Push(Item item)
    {
        while (!_producer.TryPush(item))
            _producer.WaitForRoom<BusyWait>(1, Timeout.InfiniteTimeSpan);
    }

    public Item Pop()
    {
        Item item;
        while (!_consumer.TryPop(out item))
            _consumer.WaitForItems<BusyWait>(Timeout.InfiniteTimeSpan);
        return item;
    }
}
