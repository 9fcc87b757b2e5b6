using RingKit.Mmu.HashTable;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>Hashes, groups and first words against values that were computed independently.</summary>
public sealed class HptGeometryTests
{
    [Fact]
    public void Addresses_hash_to_the_known_groups()
    {
        Check(order: 24, 0x123456, 0x10020000, 12, tebibyte: false, hash: 0x123476, index: 0x1A3B0, second: 0x1CB89, v: 0x0000000123456001);
        Check(order: 24, 0x123456, 0x10020000, 16, tebibyte: false, hash: 0x123454, index: 0x1A2A0, second: 0x1CBAB, v: 0x0000000123456005);
        Check(order: 18, 0x123456, 0x10020000, 12, tebibyte: false, hash: 0x123476, index: 0x23B0, second: 0x389, v: 0x0000000123456001);
        Check(
            order: 24, 0xABCDEF, 0x00007FFF12340000, 16, tebibyte: true, hash: 0x1579BDE54DFDB, index: 0x6FED8, second: 0x12024, v: 0x4000ABCDEFFF1205);
        Check(
            order: 24, 0x1FFFFFF, 5UL << 24, 24, tebibyte: true, hash: 0x3FFFFFFFFFFFA, index: 0xFFFD0, second: 0x5, v: 0x4001FFFFFF000505);
    }

    [Fact]
    public void An_entry_stands_in_the_group_that_its_own_words_name_and_gives_its_hash_back()
    {
        var random = new Random(20111231);
        for (int i = 0; i < 20_000; i++)
        {
            var geometry = new HptGeometry(random.Next(HptGeometry.MinimumOrder, HptGeometry.MaximumOrder + 1));
            bool tebibyte = random.Next(2) == 1;
            bool secondary = random.Next(2) == 1;
            HptePageSize size = random.Next(3) switch { 0 => HptePageSize.Small, 1 => HptePageSize.Medium, _ => HptePageSize.Large };
            ulong vsid = (ulong)random.NextInt64() & ((1UL << (tebibyte ? 38 : 50)) - 1);
            ulong address = (ulong)random.NextInt64();
            ulong hash = HptGeometry.Hash(vsid, address, size.BaseShift, tebibyte);
            ulong group = geometry.Group(hash, secondary);
            var entry = new Hpte(HptGeometry.FirstWord(vsid, address, size.BaseShift, tebibyte, secondary), size.Selector);

            Assert.Equal(size, entry.PageSize);
            Assert.Equal(vsid, entry.Vsid);
            Assert.True(geometry.Places(entry, group));
            Assert.False(geometry.Places(entry, group ^ (geometry.GroupCount >> 1)) && geometry.Order > 18);
            Assert.Equal(group, geometry.Group(HptGeometry.HashOf(entry, size, group), secondary));
            if (!tebibyte || vsid < 1UL << 24)
                Assert.Equal(hash & 0x7FF, HptGeometry.HashOf(entry, size, group) & 0x7FF);
        }
    }

    [Fact]
    public void Orders_out_of_range_are_refused()
    {
        foreach (int order in (int[])[int.MinValue, 0, 17, 37, int.MaxValue])
            Assert.Throws<ArgumentOutOfRangeException>("order", () => new HptGeometry(order));
        Assert.Equal(1UL << 32, new HptGeometry(36).EntryCount);
    }

    private static void Check(int order, ulong vsid, ulong address, int shift, bool tebibyte, ulong hash, ulong index, ulong second, ulong v)
    {
        var geometry = new HptGeometry(order);
        ulong actual = HptGeometry.Hash(vsid, address, shift, tebibyte);
        Assert.Equal(hash, actual);
        Assert.Equal(index, geometry.Group(actual) * HptGeometry.EntriesPerGroup);
        Assert.Equal(second, geometry.Group(actual, secondary: true));
        Assert.Equal(v, HptGeometry.FirstWord(vsid, address, shift, tebibyte));
    }
}
