using RingKit.Bench.TwoThreads.Ports;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>The loops that are measured: the same for every queue. The ports are copied, so that they stay in registers.</summary>
internal static class Handing
{
    public static void Send<TPort>(TPort port, ulong first, long count)
        where TPort : struct, IItemPort
    {
        for (ulong sequence = first; sequence != first + (ulong)count; sequence++)
            port.Push(new Item(sequence));
    }

    public static Tally Receive<TPort>(TPort port, long count)
        where TPort : struct, IItemPort
    {
        Tally tally = default;
        for (long i = 0; i < count; i++)
            tally.Add(port.Pop());
        return tally;
    }

    public static void SendBatches<TPort>(TPort port, ulong first, long count)
        where TPort : struct, IBatchPort
    {
        Span<Item> batch = stackalloc Item[Batch.Length];
        for (ulong sequence = first; sequence != first + (ulong)count; sequence += Batch.Length)
        {
            Batch.Fill(batch, sequence);
            port.Push(batch);
        }
    }

    public static Tally ReceiveBatches<TPort>(TPort port, long count)
        where TPort : struct, IBatchPort
    {
        Span<Item> batch = stackalloc Item[Batch.Length];
        Tally tally = default;
        int taken;
        for (long left = count; left != 0; left -= taken)
        {
            taken = port.Pop(batch);
            tally.Add(batch[..taken]);
        }

        return tally;
    }
}
