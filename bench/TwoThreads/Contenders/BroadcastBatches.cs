using RingKit.Bench.TwoThreads.Running;
using RingKit.Rings;
using RingKit.Rings.Waiting;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>Batches from one writer to several readers, each of which receives every item.</summary>
internal sealed class BroadcastBatches : Contender
{
    private readonly BroadcastRing<Item> _ring;
    private readonly BroadcastReader<Item>[] _readers;

    public BroadcastBatches(string name, long operations, int capacity, int readers)
        : base(name, operations)
    {
        _ring = new BroadcastRing<Item>(capacity, new BroadcastOptions { MaximumReaders = readers });
        _readers = [.. Enumerable.Range(0, readers).Select(_ => _ring.Join())];
    }

    public override RunResult Run(long operations)
    {
        var tallies = new Tally[_readers.Length];
        var roles = new Action[_readers.Length + 1];
        roles[0] = () => Send(_ring.Writer, operations);
        for (int i = 0; i < _readers.Length; i++)
        {
            int reader = i;
            roles[reader + 1] = () => tallies[reader] = Receive(_readers[reader], operations);
        }

        CrewTime time = Crew.Run(roles);
        return RunResult.Of(time, operations, tallies.All(tally => tally.Matches(operations)));
    }

    public override void Dispose()
    {
        foreach (BroadcastReader<Item> reader in _readers)
            reader.Dispose();
        _ring.Dispose();
    }

    private static void Send(BroadcastWriter<Item> writer, long count)
    {
        Span<Item> batch = stackalloc Item[Batch.Length];
        for (ulong sequence = 0; sequence != (ulong)count; sequence += Batch.Length)
        {
            Batch.Fill(batch, sequence);
            writer.Write(batch);
        }
    }

    private static Tally Receive(BroadcastReader<Item> reader, long count)
    {
        Span<Item> batch = stackalloc Item[Batch.Length];
        Tally tally = default;
        while (count != 0)
        {
            int taken = reader.Read(batch, out _);
            if (taken == 0)
                reader.WaitForItems<YieldingWait>(Timeout.InfiniteTimeSpan);
            tally.Add(batch[..taken]);
            count -= taken;
        }

        return tally;
    }
}
