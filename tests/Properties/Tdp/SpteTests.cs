using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.Tdp;

/// <summary>Entries to the bit.</summary>
public sealed class SpteTests
{
    [Fact]
    public void A_writable_leaf_of_2M()
    {
        var leaf = Spte.Leaf(2, 0x100200, writable: true);
        Assert.Equal(0x0600_0001_0020_0B87ul, leaf.Raw);
        Assert.Equal((true, false, true, true, true), (leaf.IsLeafAt(2), leaf.IsTableAt(2), leaf.IsWritable, leaf.IsDirty, leaf.IsMmuWritable));
        Assert.Equal(0x100200ul, leaf.Frame);
        Assert.Equal(SpteAccessDirty.Enabled, leaf.AccessDirty);
    }

    [Fact]
    public void Read_only_leaves_and_such_without_A_and_D()
    {
        Assert.Equal(0x0000_0000_0000_5905ul, Spte.Leaf(1, 5, writable: false).Raw);
        Assert.Equal(0x0610_0000_0000_5807ul, Spte.Leaf(1, 5, writable: true, SpteAccessDirty.Disabled).Raw);
        Assert.Equal(0x0620_0000_0000_5B07ul, Spte.Leaf(1, 5, writable: true, SpteAccessDirty.WriteProtectOnly).Raw);
        Assert.Equal(0x0E00_0000_0000_5B07ul, Spte.Leaf(1, 5, writable: true, isPrivate: true).Raw);
        Assert.True(Spte.Leaf(1, 5, writable: true, SpteAccessDirty.WriteProtectOnly).NeedsWriteProtection);
        Assert.False(Spte.Leaf(1, 5, writable: true).NeedsWriteProtection);
    }

    [Fact]
    public void A_table_and_the_frozen_value()
    {
        var table = Spte.Table(0x7000);
        Assert.Equal(0x0000_0000_0000_7907ul, table.Raw);
        Assert.Equal(0x0010_0000_0000_7807ul, Spte.Table(0x7000, SpteAccessDirty.Disabled).Raw);
        Assert.Equal((true, false, false), (table.IsTableAt(2), table.IsLeafAt(2), table.IsTableAt(1)));
        var frozen = new Spte(0x5a0);
        Assert.Equal((true, false), (frozen.IsFrozen, frozen.IsPresent));
    }

    [Fact]
    public void Parts_of_a_large_leaf_are_it_and_make_it_again()
    {
        for (int level = 2; level <= 3; level++)
        {
            var large = Spte.Leaf(level, 3ul << (9 * (level - 1)), writable: true, isPrivate: true);
            foreach (ulong index in (ulong[])[0, 1, 511])
            {
                Spte child = large.ChildOf(level, index);
                Assert.Equal(large.Frame + (index << (9 * (level - 2))), child.Frame);
                Assert.True(child.IsLeafAt(level - 1));
                Assert.Equal(level == 3, (child.Raw & Spte.LargeBit) != 0);
                Assert.Equal(large, child.Enlarged(level));
            }
        }
    }

    [Fact]
    public void What_is_no_frame_no_table_and_no_level_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Spte.Table(0x7001));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spte.Table(1ul << 52));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spte.Leaf(0, 0, writable: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spte.Leaf(4, 0, writable: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spte.Leaf(2, 1, writable: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spte.Leaf(1, 1ul << 40, writable: true));
    }
}
