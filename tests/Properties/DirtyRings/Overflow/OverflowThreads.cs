using RingKit.DirtyRings;
using RingKit.DirtyRings.Overflow;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Overflow;

/// <summary>A vCPU that never waits, against a collector that recovers again and again: the last store to each page is in a collection after it.</summary>
[Collection(RunAlone.Name)]
public sealed class OverflowThreads
{
    private const int Pages = 256;
    private const uint Stores = 1_500_000;

    [Fact]
    public void P1_every_store_is_collected_after_it()
    {
        using var ring = new OverflowingDirtyRing(8, [(1, Pages)], reservedEntries: 0);
        uint[] memory = new uint[Pages];
        uint[] copy = new uint[Pages];
        var crew = new Crew(TimeSpan.FromSeconds(60));
        bool ended = false;
        long collections = 0, recoveries = 0, fallBacks = 0;

        crew.Run(("vCPU", Store), ("collector", Collect));

        Assert.Equal(memory, copy);
        Assert.NotEqual(0, recoveries);
        Assert.NotEqual(Stores, fallBacks);
        Report.Line($"OverflowThreads: {Stores} stores, {fallBacks} by the bitmap, {collections} collections, {recoveries} recoveries.");

        void Store()
        {
            uint random = 1;
            for (uint i = 1; i <= Stores; i++)
            {
                random = unchecked((random * 1664525) + 1013904223);
                uint page = random >> 24;
                Volatile.Write(ref memory[page], i);
                PushResult result = ring.Producer.Push(1, page);
                if (result == PushResult.Full)
                    throw new InvalidOperationException("A page was refused.");
                fallBacks += result == PushResult.FellBack ? 1 : 0;
                if (random % 256 == 0)
                    Thread.Yield();
            }

            Volatile.Write(ref ended, true);
        }

        void Collect()
        {
            for (bool last = false; !last;)
            {
                last = Volatile.Read(ref ended);
                var target = new CopyingTarget(memory, copy);
                recoveries += ring.Collector.Collect(ref target).Recovered ? 1 : 0;
                collections++;
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
