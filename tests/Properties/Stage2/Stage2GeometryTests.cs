using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using Xunit;

namespace RingKit.Properties.Stage2;

/// <summary>Levels, start tables and indices against values that were computed independently.</summary>
public sealed class Stage2GeometryTests
{
    [Theory]
    [InlineData(32, 2, 2, 4, 2048, false)]
    [InlineData(33, 2, 2, 8, 4096, false)]
    [InlineData(34, 2, 2, 16, 8192, false)]
    [InlineData(35, 3, 1, 1, 32, true)]
    [InlineData(36, 3, 1, 1, 64, true)]
    [InlineData(39, 3, 1, 1, 512, true)]
    [InlineData(40, 3, 1, 2, 1024, true)]
    [InlineData(41, 3, 1, 4, 2048, true)]
    [InlineData(42, 3, 1, 8, 4096, true)]
    [InlineData(43, 3, 1, 16, 8192, true)]
    [InlineData(44, 4, 0, 1, 32, true)]
    [InlineData(45, 4, 0, 1, 64, true)]
    [InlineData(48, 4, 0, 1, 512, true)]
    public void Scenario_1_An_ipa_size_has_its_levels_and_start_tables(int bits, int levels, int start, int pages, int entries, bool gigabyteBlocks)
    {
        var geometry = new Stage2Geometry(bits);
        Assert.Equal(levels, geometry.Levels);
        Assert.Equal(start, geometry.StartLevel);
        Assert.Equal(pages, geometry.StartPages);
        Assert.Equal(entries, geometry.StartEntries);
        Assert.Equal(gigabyteBlocks, geometry.MapsAt(1));
        Assert.Equal(levels - 1, geometry.TablesPerFault);
        Assert.Equal(64 - bits, geometry.T0Sz);
        Assert.Equal(2 - start, geometry.Sl0);
        Assert.True(geometry.MapsAt(2));
        Assert.True(geometry.MapsAt(3));
        Assert.False(geometry.MapsAt(0));
        Assert.False(geometry.MapsAt(4));
    }

    [Fact]
    public void Scenario_1_Start_indices_run_over_all_concatenated_tables()
    {
        var geometry = new Stage2Geometry(40);
        const ulong Ipa = 0x80_1234_5000;
        Assert.Equal(512UL, geometry.IndexAt(Ipa, 1));
        Assert.Equal(145UL, geometry.IndexAt(Ipa, 2));
        Assert.Equal(325UL, geometry.IndexAt(Ipa, 3));
        Assert.Equal(1023UL, geometry.IndexAt((1UL << 40) - 1, 1));
        Assert.True(geometry.Holds((1UL << 40) - 1));
        Assert.False(geometry.Holds(1UL << 40));
        Assert.False(geometry.Holds(ulong.MaxValue));
    }

    [Fact]
    public void Every_index_finds_its_way_back_to_the_ipa()
    {
        var random = new Random(20141114);
        for (int i = 0; i < 20_000; i++)
        {
            var geometry = new Stage2Geometry(random.Next(Stage2Geometry.MinimumIpaBits, Stage2Geometry.MaximumIpaBits + 1));
            ulong ipa = (ulong)random.NextInt64() & (geometry.IpaSize - 1);
            ulong back = ipa & 0xFFF;
            for (int level = geometry.StartLevel; level <= 3; level++)
                back |= geometry.IndexAt(ipa, level) << Stage2Geometry.ShiftAt(level);
            Assert.Equal(ipa, back);
            Assert.True(geometry.IndexAt(ipa, geometry.StartLevel) < (ulong)geometry.StartEntries);
            Assert.True(geometry.StartEntries <= geometry.StartPages * Stage2Geometry.EntriesPerTable);
        }
    }

    [Fact]
    public void Sizes_out_of_range_are_refused()
    {
        foreach (int bits in (int[])[int.MinValue, -1, 0, 31, 49, 52, 64, int.MaxValue])
            Assert.Throws<ArgumentOutOfRangeException>("ipaBits", () => new Stage2Geometry(bits));
    }

    [Fact]
    public void Scenario_1_A_vm_is_created_with_40_bits_unless_it_names_what_the_host_has()
    {
        Assert.Equal(Errno.None, Stage2Geometry.TryCreate(0, hostLimit: 48, out Stage2Geometry geometry));
        Assert.Equal(40, geometry.IpaBits);
        Assert.Equal(Errno.None, Stage2Geometry.TryCreate(44, hostLimit: 44, out geometry));
        Assert.Equal(44, geometry.IpaBits);
        foreach ((int bits, int limit) in ((int, int)[])[(31, 48), (45, 44), (49, 64), (-1, 48), (0, 36)])
            Assert.Equal(Errno.Invalid, Stage2Geometry.TryCreate(bits, limit, out _));
    }
}
