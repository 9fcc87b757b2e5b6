using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using Xunit;

namespace RingKit.Properties.Mapping;

/// <summary>Attributes of ranges that leave a slot, or lie where no slot is: its large-page info has no entry for what is outside.</summary>
public sealed class AttributeRangeTests
{
    private const ulong Page = 4096, Block = 512;

    [Fact]
    public void A_change_that_leaves_the_slot_on_both_sides_touches_no_entry_beyond_it()
    {
        foreach ((ulong first, ulong end) in ((ulong, ulong)[])[(0, 1UL << 40), (512, 1536), (1000, 1100), (0, 1024), (2047, 4096), (2048, 1UL << 51), (1023, 2049)])
        {
            MappingSpace space = Space();
            Assert.Equal(Errno.None, space.SetMemoryAttributes(first * Page, (end - first) * Page, MemoryAttributes.Private));
            LargePageInfo info = space.LargePagesAt(1024);
            for (ulong gfn = 1024; gfn < 2048; gfn += Block)
            {
                ulong inside = Math.Min(end, gfn + Block) - Math.Min(Math.Max(first, gfn), Math.Min(end, gfn + Block));
                Assert.Equal(inside is not 0 and not Block, info.IsMixed(MappingLevel.Size2M, gfn));
            }

            Assert.False(info.IsMixed(MappingLevel.Size1G, 1024));
            Assert.Equal(1u, info.CountOf(MappingLevel.Size1G, 1024));
            Assert.True(space.Attributes.IsPrivate(first));
            Assert.True(space.Attributes.IsPrivate(end - 1));
            Assert.False(space.Attributes.IsPrivate(end));
        }
    }

    [Fact]
    public void The_last_range_of_the_address_space_is_refused_as_its_end_wraps_and_the_one_before_is_not()
    {
        MappingSpace space = Space();
        foreach ((ulong address, ulong size) in ((ulong, ulong)[])[(ulong.MaxValue - Page + 1, Page), (Page, ulong.MaxValue - Page + 1), (ulong.MaxValue - Page + 1, 2 * Page)])
            Assert.Equal(Errno.Invalid, space.SetMemoryAttributes(address, size, MemoryAttributes.Private));
        Assert.False(space.Attributes.IsPrivate((1UL << 52) - 1));
        Assert.False(space.Attributes.IsPrivate(1));
        Assert.Equal(Errno.None, space.SetMemoryAttributes(ulong.MaxValue - (2 * Page) + 1, Page, MemoryAttributes.Private));
        Assert.True(space.Attributes.IsPrivate((1UL << 52) - 2));
        Assert.False(space.Attributes.IsPrivate((1UL << 52) - 1));
        Assert.Throws<ArgumentOutOfRangeException>("gfn", () => space.Attributes.IsPrivate(1UL << 52));
        Assert.Throws<ArgumentOutOfRangeException>("gfn", () => space.Attributes.IsPrivate(ulong.MaxValue));
    }

    [Fact]
    public void Setting_what_is_set_asks_for_no_unmapping_and_a_part_that_differs_does()
    {
        MappingSpace space = Space();
        Assert.Equal(Errno.None, space.PrepareMemoryAttributes(1024 * Page, Block * Page, 0, 0, out AttributeChange change));
        Assert.False(change.IsNeeded);
        Assert.Equal(Errno.None, space.SetMemoryAttributes(1100 * Page, Page, MemoryAttributes.Private));
        Assert.Equal(Errno.None, space.PrepareMemoryAttributes(1024 * Page, Block * Page, 0, 0, out change));
        Assert.True(change.IsNeeded);
        Assert.Equal(Errno.None, space.PrepareMemoryAttributes(1100 * Page, Page, MemoryAttributes.Private, 0, out change));
        Assert.False(change.IsNeeded);
    }

    private static MappingSpace Space()
    {
        var space = new MappingSpace();
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, 1024 * Page, 1024 * Page, 1024 * Page)));
        return space;
    }
}
