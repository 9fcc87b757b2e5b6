using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>
/// A <see cref="ConcurrentQueue{T}"/> with no more items in flight than the rings hold. It has no bound of its own, and its count costs what the rings'
/// indices cost, so each producer asks for it once in a batch only.
/// </summary>
internal struct ConcurrentQueuePort(ConcurrentQueue<Item> queue, int capacity, int producers) : IItemPort
{
    private const int PushesBetweenLooks = 64;

    private readonly int _limit = capacity - (producers * PushesBetweenLooks);
    private int _pushes;

    public void Push(Item item)
    {
        if (++_pushes % PushesBetweenLooks == 0 && queue.Count > _limit)
            WaitForRoom();
        queue.Enqueue(item);
    }

    public readonly Item Pop() => queue.TryDequeue(out Item item) ? item : PopSlowly();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void WaitForRoom()
    {
        var idle = default(Idle);
        while (queue.Count > _limit)
            idle.Pass();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly Item PopSlowly()
    {
        var idle = default(Idle);
        Item item;
        while (!queue.TryDequeue(out item))
            idle.Pass();
        return item;
    }
}
