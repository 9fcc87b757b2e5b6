using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using Xunit;
using static RingKit.Mmu.Stage2.Stage2Protection;

namespace RingKit.Properties.Stage2;

/// <summary>Descriptors to the bit.</summary>
public sealed class Stage2DescriptorTests
{
    private const ulong Address = 0x1_0020_0000;

    [Fact]
    public void Scenario_2_Worked_values()
    {
        Stage2Descriptor block = Stage2Descriptor.Leaf(2, Address, Encode(Read | Write));
        Assert.Equal(0x0040_0001_0020_07FDUL, block.Raw);
        Assert.Equal(0x0040_0001_0020_07FFUL, Stage2Descriptor.Leaf(3, Address, Encode(Read | Write)).Raw);
        Assert.Equal(0x0040_0001_0020_077DUL, block.WriteProtected.Raw);
        Assert.Equal(0x0048_0001_0020_077DUL, block.WriteProtected.WithDirtyModifier.Raw);
        Assert.Equal(0x0040_0001_0020_03FDUL, block.Old.Raw);
        Assert.Equal(block, block.Old.Young);
        Assert.Equal(0x0000_0001_0020_0003UL, Stage2Descriptor.Table(Address).Raw);
        Assert.Equal(0x02C0_0001_0020_07FDUL, block.WithSoftware(5).Raw);
        Assert.Equal(0x400UL, Stage2Descriptor.LockedNote);
        Assert.Equal(0xC8UL, Stage2Descriptor.OwnedBy(0x32).Raw);
    }

    [Fact]
    public void A_block_is_decoded_to_what_it_was_made_of()
    {
        var block = new Stage2Descriptor(0x0040_0001_0020_07FD);
        Assert.Equal(Stage2DescriptorKind.Block, block.KindAt(2));
        Assert.Equal(Address, block.OutputAddress(2));
        Assert.True(block.IsReadable && block.IsWritable && block.IsAccessed && block.IsCounted);
        Assert.False(block.HasDirtyModifier || block.IsContiguous || block.IsLocked);
        Assert.Equal(Stage2MemoryType.NormalWriteBack, block.MemoryType(forceWriteBack: false));
        Assert.Equal(Stage2Execute.Nowhere, block.Execute);
        Assert.Equal(3, block.Shareability);
        Assert.Equal(0xF, block.MemAttr);
        Assert.Equal(0, block.Software);
        Assert.Equal(0, block.Owner);
    }

    [Fact]
    public void Every_protection_is_encoded_or_refused()
    {
        for (int bits = 0; bits < 128; bits++)
        {
            foreach (bool fwb in new[] { false, true })
            {
                var protection = (Stage2Protection)bits;
                bool executes = (bits & 3) != 0, special = (bits & 0x30) != 0;
                bool refused = bits >= 64 || (bits & 0x30) == 0x30 || (special && executes);
                Errno errno = Stage2Attributes.TryEncode(protection, fwb, out Stage2Attributes attributes);
                Assert.Equal(refused ? Errno.Invalid : Errno.None, errno);
                if (refused)
                {
                    Assert.Equal(default, attributes);
                    continue;
                }

                Stage2Descriptor page = Stage2Descriptor.Leaf(3, 0x5000, attributes);
                Assert.Equal((bits & 8) != 0, page.IsReadable);
                Assert.Equal((bits & 4) != 0, page.IsWritable);
                Assert.Equal((bits & 3) switch { 0 => 2, 1 => 3, 2 => 1, _ => 0 }, (int)page.Execute);
                Assert.Equal((bits & 0x30) switch { 0x10 => 1, 0x20 => 5, _ => fwb ? 6 : 15 }, page.MemAttr);
                Assert.Equal(attributes, page.Attributes);
                Assert.Equal(0x5000UL, page.OutputAddress(3));
            }
        }
    }

    [Fact]
    public void Kinds_depend_on_the_level()
    {
        (ulong Raw, string Kinds)[] table =
        [
            (0, "Empty Empty Empty Empty"),
            (Stage2Descriptor.LockedNote, "Annotation Annotation Annotation Annotation"),
            (0xFFFF_FFFF_FFFF_FFFE, "Annotation Annotation Annotation Annotation"),
            (1, "Reserved Block Block Reserved"),
            (3, "Table Table Table Page"),
        ];
        foreach ((ulong raw, string kinds) in table)
        {
            var descriptor = new Stage2Descriptor(raw);
            string[] actual = [.. Enumerable.Range(0, 4).Select(level => descriptor.KindAt(level).ToString())];
            Assert.Equal(kinds, string.Join(' ', actual));
            for (int level = 0; level < 4; level++)
            {
                Assert.Equal(descriptor.KindAt(level) is Stage2DescriptorKind.Block or Stage2DescriptorKind.Page, descriptor.IsLeafAt(level));
                Assert.Equal(descriptor.KindAt(level) == Stage2DescriptorKind.Table, descriptor.IsTableAt(level));
            }
        }
    }

    [Fact]
    public void Notes_map_nothing()
    {
        for (int owner = 1; owner < 256; owner++)
        {
            Stage2Descriptor note = Stage2Descriptor.OwnedBy((byte)owner);
            Assert.Equal(owner, note.Owner);
            Assert.True(note.IsCounted);
            Assert.False(note.IsValid || note.IsLocked);
        }
    }

    [Fact]
    public void Addresses_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("level", () => Stage2Descriptor.Leaf(0, 0, default));
        Assert.Throws<ArgumentOutOfRangeException>("level", () => Stage2Descriptor.Leaf(4, 0, default));
        Assert.Throws<ArgumentOutOfRangeException>("address", () => Stage2Descriptor.Leaf(2, 0x1000, default));
        Assert.Throws<ArgumentOutOfRangeException>("address", () => Stage2Descriptor.Leaf(1, 0x20_0000, default));
        Assert.Throws<ArgumentOutOfRangeException>("address", () => Stage2Descriptor.Leaf(3, 1UL << 48, default));
        Assert.Throws<ArgumentOutOfRangeException>("attributes", () => Stage2Descriptor.Leaf(3, 0, new Stage2Attributes(0x1000)));
        Assert.Throws<ArgumentOutOfRangeException>("address", () => Stage2Descriptor.Table(0x800));
        Assert.Throws<ArgumentOutOfRangeException>("owner", () => Stage2Descriptor.OwnedBy(0));
        Assert.Throws<ArgumentOutOfRangeException>("value", () => default(Stage2Descriptor).WithSoftware(16));
    }

    private static Stage2Attributes Encode(Stage2Protection protection)
    {
        Assert.Equal(Errno.None, Stage2Attributes.TryEncode(protection, forceWriteBack: false, out Stage2Attributes attributes));
        return attributes;
    }
}
