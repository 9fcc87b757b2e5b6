using RingKit.DirtyRings;
using RingKit.DirtyRings.Overflow;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Overflow;

/// <summary>
/// A vCPU against a collector that recovers again and again: each store is in the first collection that begins after it, even if the ring
/// overflowed in the middle of the one before.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class OverflowThreads
{
    private const int Pages = 256;
    private const uint Bursts = 15_000;

    [Fact]
    public void P1_every_store_is_in_the_first_collection_that_begins_after_it()
    {
        using var ring = new OverflowingDirtyRing(4, [(1, Pages)], reservedEntries: 0);
        uint[] memory = new uint[Pages];
        uint[] copy = new uint[Pages];
        var crew = new Crew(TimeSpan.FromSeconds(60));
        uint asked = 0, answered = 0;
        long collections = 0, recoveries = 0, fallBacks = 0;

        crew.Run(("vCPU", Store), ("collector", Collect));

        Assert.NotEqual(0, recoveries);
        Report.Line($"OverflowThreads: {Bursts} bursts, {fallBacks} stores by the bitmap, {collections} collections, {recoveries} recoveries.");

        void Store()
        {
            uint random = 1;
            for (uint burst = 1; burst <= Bursts; burst++)
            {
                for (uint left = 4 + (burst % 8); left > 0; left--)
                {
                    random = unchecked((random * 1664525) + 1013904223);
                    Volatile.Write(ref memory[random >> 24], random);
                    PushResult result = ring.Producer.Push(1, random >> 24);
                    if (result == PushResult.Full)
                        throw new InvalidOperationException("A page was refused.");
                    fallBacks += result == PushResult.FellBack ? 1 : 0;
                }

                // The collector has been at work all the time; now one more collection that begins from here.
                Volatile.Write(ref asked, burst);
                for (int idle = 0; Volatile.Read(ref answered) != burst;)
                    crew.Idle(ref idle, $"the collection after burst {burst}");
                int wrong = memory.AsSpan().CommonPrefixLength(copy);
                if (wrong != Pages)
                    throw new InvalidOperationException($"Page {wrong} is in no collection after burst {burst}.");
            }
        }

        void Collect()
        {
            for (uint next = 0; next != Bursts; Volatile.Write(ref answered, next))
            {
                next = Volatile.Read(ref asked);
                var target = new CopyingTarget(memory, copy);
                recoveries += ring.Collector.Collect(ref target).Recovered ? 1 : 0;
                if (++collections % 64 == 0)
                    Thread.Yield();
            }
        }
    }

    // A page is copied when it is taken: it needs no protection, since this vCPU reports every store.
    private readonly struct CopyingTarget(uint[] memory, uint[] copy) : IResetTarget
    {
        public ulong PagesIn(uint slot) => Pages;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            foreach (ulong page in new ReferenceBatch(new ResetBatch(slot, baseOffset, mask), 0, 0).Pages())
                copy[page] = Volatile.Read(ref memory[page]);
        }
    }
}
