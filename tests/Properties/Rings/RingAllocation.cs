using RingKit.Rings;
using RingKit.Rings.Waiting;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>The way of an item through a ring allocates nothing.</summary>
public sealed class RingAllocation
{
    [Theory]
    [InlineData(FullPolicy.Reject, false)]
    [InlineData(FullPolicy.OverwriteOldest, false)]
    [InlineData(FullPolicy.Block, true)]
    public void Nothing_is_allocated_after_construction(FullPolicy policy, bool canSleep)
    {
        var options = new RingOptions { WhenFull = policy, CanSleep = canSleep };
        using var spsc = new SpscRing<Item>(16, options);
        using var mpsc = new MpscRing<Item>(16, options);
        using var broadcast = new BroadcastRing<Item>(
            16, new BroadcastOptions { WhenReaderLags = (LaggardPolicy)policy, CanSleep = canSleep });
        using BroadcastReader<Item> reader = broadcast.Join();
        var items = new Item[12];
        Laps(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Laps(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Laps(int laps)
        {
            for (int lap = 0; lap < laps; lap++)
            {
                spsc.Producer.Push(items);
                spsc.Producer.TryPush(items[0]);
                spsc.Consumer.Peek(5).Release();
                spsc.Consumer.TryPop(out _);
                spsc.Consumer.TryPop(items);
                mpsc.Producer.Push(items);
                mpsc.Producer.TryPush(items[0]);
                mpsc.Consumer.Peek(5).Release();
                mpsc.Consumer.TryPop(out _);
                mpsc.Consumer.TryPop(items);
                spsc.Producer.Claim(1).Abort();
                broadcast.Writer.TryWrite(items);
                broadcast.Writer.TryWrite(items[0]);
                reader.Peek(5).Release();
                reader.TryRead(out _, out _);
                reader.Read(items, out _);
                spsc.Consumer.WaitForItems<BusyWait>(TimeSpan.Zero);
            }
        }
    }
}
