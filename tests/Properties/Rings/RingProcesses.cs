using System.Diagnostics;
using RingKit.Memory;
using RingKit.Properties.Support;
using RingKit.Rings;
using RingKit.Rings.Waiting;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>A second process, this same program, maps the file of a ring and consumes it.</summary>
[Collection(RunAlone.Name)]
public sealed class RingProcesses
{
    [Fact]
    public void A_second_process_consumes_a_million_items()
    {
        string path = RingChild.NewPath();
        try
        {
            using SharedMapping mapping = SharedMapping.Create(path, SpscRing<Item>.RequiredBytes(4096));
            using var ring = SpscRing<Item>.Create(mapping.View, 4096, new RingOptions { WhenFull = FullPolicy.Block });
            using Process child = RingChild.Start(path, nameof(RingChild.Consume));
            for (ulong i = 0; i < RingChild.Items; i++)
            {
                if (!ring.Producer.TryPush(new Item(i)))
                    Assert.Equal(1, ring.Producer.Push<YieldingWait>([new Item(i)], RingChild.Deadline));
            }

            ring.Producer.Complete();
            Assert.Equal((0, ""), RingChild.AwaitEnd(child));
            Assert.Equal((0, RingChild.Items), (ring.Count, ring.Statistics.Consumed));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
