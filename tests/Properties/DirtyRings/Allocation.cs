using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>The way of an entry through the ring allocates nothing.</summary>
public sealed class Allocation
{
    [Theory]
    [InlineData(OutOfRangePolicy.RefusePages)]
    [InlineData(OutOfRangePolicy.RefuseBatch)]
    public void Push_harvest_and_reset_allocate_nothing(OutOfRangePolicy policy)
    {
        using var ring = new DirtyRing(256);
        var destination = new DirtyGfn[256];
        ulong pages = 0;
        Assert.Equal(0, Allocated.By(() => pages = Laps(ring, destination, policy, 1000)));
        Assert.Equal(1000UL * 3 * 100, pages);
    }

    private static ulong Laps(DirtyRing ring, DirtyGfn[] destination, OutOfRangePolicy policy, int laps)
    {
        var sink = default(CountingSink);
        var target = default(CountingTarget);
        for (int lap = 0; lap < laps; lap++)
        {
            // Three laps of 100: copied out, handed to a sink, and read in place.
            for (int way = 0; way < 3; way++)
            {
                for (uint page = 0; page < 100; page++)
                    ring.Producer.TryPush(1, page * 3);
                switch (way)
                {
                    case 0:
                        ring.Harvester.Harvest(destination);
                        break;
                    case 1:
                        ring.Harvester.Harvest(ref sink);
                        break;
                    default:
                        BorrowedEntries lent = ring.Harvester.Borrow();
                        lent.Release(lent.Count);
                        break;
                }

                ring.Resetter.Reset(ref target, policy: policy);
            }
        }

        return sink.Pages == (uint)laps * 100UL ? target.Pages : 0;
    }

    private struct CountingSink : IDirtyEntrySink
    {
        public ulong Pages { get; private set; }

        public void Accept(uint slot, ulong offset) => Pages++;
    }

    private struct CountingTarget : IResetTarget
    {
        public ulong Pages { get; private set; }

        public readonly ulong PagesIn(uint slot) => 1000;

        public void Reset(uint slot, ulong baseOffset, ulong mask) => Pages += ulong.PopCount(mask);
    }
}
