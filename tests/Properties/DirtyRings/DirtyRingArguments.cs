using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>Bad arguments are refused by name, and good ones at the edge of their range are not.</summary>
public sealed class DirtyRingArguments
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-4)]
    [InlineData(int.MinValue)]
    [InlineData(3)]
    [InlineData(96)]
    [InlineData(DirtyRing.MaximumCapacity + 1)]
    [InlineData(DirtyRing.MaximumCapacity * 2)]
    [InlineData(int.MaxValue)]
    public void A_capacity_out_of_range_is_refused(int asked)
    {
        var failure = Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new DirtyRing(asked, reservedEntries: 0));
        Assert.Equal((long)asked, failure.ActualValue);
        Assert.Contains($"{DirtyRing.MaximumCapacity}", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16, -1)]
    [InlineData(16, int.MinValue)]
    [InlineData(16, 16)]
    [InlineData(16, int.MaxValue)]
    [InlineData(1, 1)]
    [InlineData(64, DirtyRing.DefaultReservedEntries)]
    public void A_reserve_out_of_range_is_refused(int capacity, int reserve)
    {
        Assert.Throws<ArgumentOutOfRangeException>("reservedEntries", () => new DirtyRing(capacity, reserve));
        using var block = new NativeBlock<DirtyGfn>((nuint)capacity);
        Assert.Throws<ArgumentOutOfRangeException>("reservedEntries", () => new DirtyRing(block.View, reserve));
    }

    [Fact]
    public void The_default_reserve_needs_more_than_64_entries()
    {
        Assert.Throws<ArgumentOutOfRangeException>("reservedEntries", () => new DirtyRing(64));
        using var ring = new DirtyRing(128);
        Assert.Equal(64, ring.SoftLimit);
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(1024, 64, 960)]
    [InlineData(1 << 20, (1 << 20) - 1, 1)]
    public void Arguments_at_the_edge_are_taken(int capacity, int reserve, int softLimit)
    {
        using var ring = new DirtyRing(capacity, reserve);
        Assert.Equal((capacity, softLimit, 0), (ring.Capacity, ring.SoftLimit, ring.Used));
        Assert.Equal(capacity, ring.Producer.Room);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(12)]
    public void Foreign_memory_of_another_size_is_refused(int length)
    {
        using var block = new NativeBlock<DirtyGfn>((nuint)length);
        Assert.Throws<ArgumentOutOfRangeException>("entries", () => new DirtyRing(block.View, 0));
    }

    [Fact]
    public unsafe void Foreign_memory_that_is_too_large_is_refused()
    {
        // Nothing is behind these views, and nothing may be read before the length is checked.
        foreach (nuint length in new nuint[] { DirtyRing.MaximumCapacity * (nuint)2, (nuint)1 << 32, (nuint)1 << 59 })
        {
            NativeView<DirtyGfn> view = NativeView.DangerousCreate<DirtyGfn>((void*)4096, length);
            Assert.Throws<ArgumentOutOfRangeException>("entries", () => new DirtyRing(view, 0));
        }

        Assert.Throws<ArgumentOutOfRangeException>("entries", () => new DirtyRing(default(NativeView<DirtyGfn>), 0));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void A_negative_maximum_is_refused(int negative)
    {
        using var ring = new DirtyRing(4, 0);
        ring.Producer.TryPush(1, 1);
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () =>
        {
            var sink = default(NullSink);
            ring.Harvester.Harvest(ref sink, negative);
        });
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () => ring.Harvester.Borrow(negative).Release(0));
        Assert.Throws<ArgumentOutOfRangeException>("maximum", () => Reset(ring, negative, OutOfRangePolicy.RefusePages));
        Assert.Equal(1, ring.Used);
    }

    [Fact]
    public void An_unknown_policy_is_refused()
    {
        using var ring = new DirtyRing(4, 0);
        Assert.Throws<ArgumentOutOfRangeException>("policy", () => Reset(ring, 1, (OutOfRangePolicy)2));
        Assert.Throws<ArgumentOutOfRangeException>("policy", () => Reset(ring, 1, (OutOfRangePolicy)(-1)));
    }

    [Fact]
    public void A_maximum_of_0_takes_nothing()
    {
        using var ring = new DirtyRing(4, 0);
        ring.Producer.TryPush(1, 1);
        Assert.Equal(0, ring.Harvester.Harvest([]));
        Assert.Equal(0, ring.Harvester.Borrow(0).Count);
        Assert.Equal(1, ring.Harvester.Harvest(new DirtyGfn[1]));
        Assert.Equal(default, Reset(ring, 0, OutOfRangePolicy.RefusePages));
        Assert.Equal(1, ring.Used);
    }

    private static ResetResult Reset(DirtyRing ring, int maximum, OutOfRangePolicy policy)
    {
        var target = new SlotsTarget(new Dictionary<uint, ulong>());
        return ring.Resetter.Reset(ref target, maximum, policy);
    }

    private struct NullSink : IDirtyEntrySink
    {
        public readonly void Accept(uint slot, ulong offset)
        {
        }
    }
}
