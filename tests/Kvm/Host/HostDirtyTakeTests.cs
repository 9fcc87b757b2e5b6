using RingKit.Kvm.Host;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>Pages that were harvested and come back: from a sink that fails, or unconfirmed.</summary>
public sealed class HostDirtyTakeTests
{
    [Fact]
    public void What_a_sink_does_not_take_is_in_the_next_harvest()
    {
        int[] written = [0, 1, 2, 100, 101, 300, 1000];
        for (int failsAt = 0; failsAt < 4; failsAt++)
        {
            using var memory = new HostMemory(1001);
            memory.Write(written);
            List<int> taken = [];
            var failing = new PageList(taken, failsAt);
            if (failsAt % 2 == 0)
                Assert.Throws<IOException>(() => memory.Log.HarvestMasks(ref failing));
            else
                Assert.Throws<IOException>(() => memory.Log.HarvestRuns(ref failing));
            int[] rest = memory.Harvest();
            Assert.Equal(written, taken.Concat(rest));
        }
    }

    [Fact]
    public void Pages_that_are_taken_are_confirmed_or_come_back_joined_with_what_was_written_meanwhile()
    {
        using var memory = new HostMemory(300);
        using var take = new HostDirtyTake(memory.Log);
        memory.Write(1, 2, 3, 200);
        Assert.Equal(4ul, take.Take());
        Assert.Equal(4ul, take.Count());
        Assert.Equal(0ul, memory.Log.Count());
        Assert.True(take.IsHeld(200));
        memory.Write(3, 250);
        Assert.True(memory.Log.IsDirty(3));
        Assert.Equal(1ul, take.Confirm(1, 1));
        Assert.Equal(2ul, take.PutBack(2, 2));
        Assert.Equal([2, 3, 250], memory.Harvest());
        List<int> held = [];
        var sink = new PageList(held);
        take.ReadMasks(ref sink);
        Assert.Equal([200], held);
        held.Clear();
        take.ReadRuns(ref sink);
        Assert.Equal([200], held);
        Assert.Equal(1ul, take.PutBack());
        Assert.Equal(1ul, take.Take());
        Assert.Equal(1ul, take.Confirm());
        Assert.Empty(memory.Harvest());

        memory.Write(7);
        take.Take();
        take.Dispose();
        Assert.Equal([7], memory.Harvest());
    }
}
