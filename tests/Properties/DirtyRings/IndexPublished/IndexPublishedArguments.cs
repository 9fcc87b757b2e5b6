using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.Memory;
using RingKit.Properties.DirtyRings.Conformance;
using Xunit;

namespace RingKit.Properties.DirtyRings.IndexPublished;

/// <summary>What the public rings take and refuse, and where their words lie.</summary>
public sealed class IndexPublishedArguments
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(DirtyRing.MaximumCapacity + 1)]
    [InlineData(int.MaxValue)]
    public void A_capacity_out_of_range_is_refused_by_all(int asked)
    {
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new IndexPublishedDirtyRing(asked, 0));
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new VmDirtyRing(asked, 0));
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new AnyCapacityDirtyRing(asked, 0));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(96)]
    public void Only_the_ring_of_any_capacity_takes_any_capacity(int asked)
    {
        var failure = Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new IndexPublishedDirtyRing(asked, 0));
        Assert.Contains("power of two", failure.Message, StringComparison.Ordinal);
        using var ring = new AnyCapacityDirtyRing(asked, asked - 1);
        Assert.Equal((asked, 1, 0, asked), (ring.Capacity, ring.SoftLimit, ring.Used, ring.Producer.Room));
    }

    [Fact]
    public void A_reserve_or_a_layout_out_of_range_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("reservedEntries", () => new IndexPublishedDirtyRing(16, 16));
        Assert.Throws<ArgumentOutOfRangeException>("reservedEntries", () => new IndexPublishedDirtyRing(16, -1));
        Assert.Throws<ArgumentOutOfRangeException>("layout", () => new IndexPublishedDirtyRing(16, 0, (IndexLayout)2));
    }

    [Fact]
    public void Foreign_memory_is_checked_and_used()
    {
        using var entries = new NativeBlock<DirtyGfn>(4);
        using var indices = new NativeBlock<uint>(33);
        indices[0] = indices[32] = 77;
        Assert.Throws<ArgumentOutOfRangeException>("entries", () => new IndexPublishedDirtyRing(entries.View.Slice(0, 3), indices.View, 0));
        Assert.Throws<ArgumentOutOfRangeException>(
            "indices", () => new IndexPublishedDirtyRing(entries.View, indices.View.Slice(0, 32), 0));
        using var ring = new IndexPublishedDirtyRing(entries.View, indices.View, reservedEntries: 0);
        ring.Producer.TryPush(3, 5);
        Assert.Equal((1u, 0u), (indices[0], indices[32]));
        Assert.Equal((3u, 5UL), (entries[0].Slot, entries[0].Offset));
        ring.Harvester.Harvest(new DirtyGfn[1]);
        Assert.Equal((1u, 1u), (indices[0], indices[32]));
    }

    [Fact]
    public void The_indices_lie_on_lines_of_their_own_unless_asked_for_one()
    {
        Assert.Equal(128, IndexPublishedLayout.FetchIndexOffset(IndexLayout.Separate) - IndexPublishedLayout.AvailIndexOffset);
        Assert.Equal(4, IndexPublishedLayout.FetchIndexOffset(IndexLayout.OneLine) - IndexPublishedLayout.AvailIndexOffset);
        using var rig = new IndexRig<PowerOfTwoIndexing>(4, layout: IndexLayout.OneLine);
        rig.Producer.TryPush(1, 1);
        Assert.Equal(1u, rig.Avail);
        rig.Harvester.Harvest(new DirtyGfn[4]);
        Assert.Equal(1u, rig.Fetch);
        Assert.Equal(4L, Unsafe.ByteOffset(ref rig.Avail, ref rig.Fetch));
    }

    [Fact]
    public void What_different_roles_write_lies_on_different_lines()
    {
        int[] lines = [.. new[]
        {
            nameof(IndexPublishedControl.DirtyIndex), nameof(IndexPublishedControl.KnownResetIndex), nameof(IndexPublishedControl.FullPushes),
            nameof(IndexPublishedControl.Fetched), nameof(IndexPublishedControl.KnownAvailIndex), nameof(IndexPublishedControl.ForgedAvails),
            nameof(IndexPublishedControl.OvertakenEntries), nameof(IndexPublishedControl.ResetIndex), nameof(IndexPublishedControl.KnownDirtyIndex),
            nameof(IndexPublishedControl.ForgedFetches), nameof(IndexPublishedControl.RefusedPages), nameof(IndexPublishedControl.ProducerLock),
        }.Select(name => (int)Marshal.OffsetOf<IndexPublishedControl>(name) / CacheLine.Separation)];
        Assert.Equal([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3], lines);
        Assert.Equal(lines.Length, typeof(IndexPublishedControl).GetFields().Length);
    }
}
