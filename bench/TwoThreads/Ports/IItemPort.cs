namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>A queue, one item at a time; both calls wait. A struct, so that the loops around it are compiled for each queue anew.</summary>
internal interface IItemPort
{
    void Push(Item item);

    Item Pop();
}
