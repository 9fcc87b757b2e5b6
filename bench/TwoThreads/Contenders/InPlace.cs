using RingKit.Bench.TwoThreads.Running;
using RingKit.Rings;
using RingKit.Rings.Waiting;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>The batches are made in the ring's own memory and read there: claim and commit, peek and release.</summary>
internal sealed class InPlace(string name, long operations, SpscRing<Item> ring) : Contender(name, operations)
{
    public override RunResult Run(long operations)
    {
        Tally tally = default;
        CrewTime time = Crew.Run(() => Send(ring.Producer, operations), () => tally = Receive(ring.Consumer, operations));
        return RunResult.Of(time, operations, tally.Matches(operations));
    }

    public override void Dispose() => ring.Dispose();

    private static void Send(SpscProducer<Item> producer, long count)
    {
        for (ulong sequence = 0; sequence != (ulong)count;)
        {
            RingClaim<Item> claim = producer.Claim((int)Math.Min(Batch.Length, (ulong)count - sequence));
            if (claim.Count == 0)
            {
                producer.WaitForRoom<YieldingWait>(Batch.Length, Timeout.InfiniteTimeSpan);
                continue;
            }

            Batch.Fill(claim.First, sequence);
            Batch.Fill(claim.Second, sequence + (uint)claim.First.Length);
            sequence += (uint)claim.Count;
            claim.Commit();
        }
    }

    private static Tally Receive(SpscConsumer<Item> consumer, long count)
    {
        Tally tally = default;
        while (count != 0)
        {
            RingLoan<Item> loan = consumer.Peek(Batch.Length);
            if (loan.Count == 0)
            {
                consumer.WaitForItems<YieldingWait>(Timeout.InfiniteTimeSpan);
                continue;
            }

            tally.Add(loan.First);
            tally.Add(loan.Second);
            count -= loan.Count;
            loan.Release();
        }

        return tally;
    }
}
