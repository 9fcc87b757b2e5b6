using RingKit.Mmu.Tdp;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.Tdp;

public sealed class PageModificationLogTests
{
    [Fact]
    public void It_fills_from_place_511_down_wraps_below_0_and_drains_oldest_first()
    {
        var log = new PageModificationLog<HardwareOrdering>();
        Assert.Equal((511, 0, false), (log.Index, log.Count, log.IsFull));
        for (ulong gfn = 0; gfn < 512; gfn++)
        {
            Assert.False(log.IsFull);
            log.Push(1000 + gfn);
        }

        Assert.Equal((0xFFFF, 512, true), (log.Index, log.Count, log.IsFull));
        var sink = new List([]);
        Assert.Equal(512, log.Drain(ref sink));
        Assert.Equal(Enumerable.Range(1000, 512).Select(gfn => (ulong)gfn), sink.Frames);
        Assert.Equal((511, 0, false), (log.Index, log.Count, log.IsFull));
    }

    private readonly struct List(List<ulong> frames) : IModificationSink
    {
        public List<ulong> Frames => frames;

        public void Accept(ulong gfn) => frames.Add(gfn);
    }
}
