using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Mapping;

/// <summary>What the two sources of memory allow: orders of guest_memfd's pages, and levels of the host's mapping.</summary>
public sealed class SourceLevelTests
{
    private const int Pages = 4096;

    [Fact]
    public void Orders_are_those_of_one_number_for_each_page()
    {
        Gen<(int Order, int First, int Count)[]> scripts = Gen.ArrayOf(
            from order in Gen.Choose(0, 12)
            from first in Gen.Choose(0, (Pages >> order) - 1)
            from count in Gen.Choose(1, (Pages >> order) - first)
            select (order, first << order, count << order));
        Props.Check(
            Prop.ForAll(Arb.From(scripts), script =>
            {
                GuestMemfd file = File();
                int[] model = new int[Pages];
                foreach ((int order, int first, int count) in script)
                {
                    file.SetOrder((ulong)first, (ulong)count, order);
                    SetAndSplit(model, first, count, order);
                    Assert.True(model.AsSpan().SequenceEqual([.. Enumerable.Range(0, Pages).Select(page => file.OrderAt((ulong)page))]));
                }
            }),
            nameof(Orders_are_those_of_one_number_for_each_page),
            endSize: 30);
    }

    [Fact]
    public void Host_levels_are_those_of_one_number_for_each_page()
    {
        Gen<(int Level, int First, int Count)[]> scripts = Gen.ArrayOf(
            from level in Gen.Choose(0, 2)
            from first in Gen.Choose(0, (level == 2 ? Pages >> 9 : Pages) - 1)
            from count in Gen.Choose(1, (level == 2 ? Pages >> 9 : Pages) - first)
            select level == 2 ? (level, first << 9, count << 9) : (level, first, count));
        Props.Check(
            Prop.ForAll(Arb.From(scripts), script =>
            {
                var host = new HostMapping();
                int[] model = new int[Pages];
                foreach ((int level, int first, int count) in script)
                {
                    if (level == 0)
                        host.Unmap((ulong)first << 12, (ulong)count << 12);
                    else
                        host.Map((ulong)first << 12, (ulong)count << 12, (MappingLevel)level);
                    SetAndSplit(model, first, count, level == 2 ? 9 : 0);
                    Assert.True(model.AsSpan().SequenceEqual(
                        [.. Enumerable.Range(0, Pages).Select(page => host.LevelAt(((ulong)page << 12) + 123) == MappingLevel.Size2M ? 9 : 0)]));
                }
            }),
            nameof(Host_levels_are_those_of_one_number_for_each_page),
            endSize: 30);
    }

    [Fact]
    public void Orders_round_down_to_levels()
    {
        for (int order = 0; order <= GuestMemfd.MaximumOrder; order++)
        {
            Assert.Equal(order < 9 ? MappingLevel.Size4K : order < 18 ? MappingLevel.Size2M : MappingLevel.Size1G, MappingLevels.OfOrder(order));
            Assert.Equal(order % 9 == 0 && order < 27, MappingLevels.IsOrderOfLevel(order));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => MappingLevels.OfOrder(-1));
        Assert.Equal([1ul, 512, 1 << 18], Enumerable.Range(1, 3).Select(level => MappingLevels.Pages((MappingLevel)level)));
        Assert.Equal("level", Assert.Throws<ArgumentOutOfRangeException>(() => MappingLevels.Pages(MappingLevel.None)).ParamName);
    }

    [Fact]
    public void Bad_ranges_are_refused_by_name_and_change_nothing()
    {
        GuestMemfd file = File();
        file.SetOrder(0, Pages, 9);
        foreach (int order in (int[])[-1, GuestMemfd.MaximumOrder + 1, int.MinValue, int.MaxValue])
            Assert.Equal("order", Assert.Throws<ArgumentOutOfRangeException>(() => file.SetOrder(0, 1, order)).ParamName);
        Assert.Equal("firstPage", Assert.Throws<ArgumentOutOfRangeException>(() => file.SetOrder(Pages, 1, 0)).ParamName);
        Assert.Equal("firstPage", Assert.Throws<ArgumentException>(() => file.SetOrder(1, 16, 4)).ParamName);
        Assert.Equal("pageCount", Assert.Throws<ArgumentException>(() => file.SetOrder(16, 17, 4)).ParamName);
        Assert.Equal("pageCount", Assert.Throws<ArgumentOutOfRangeException>(() => file.SetOrder(16, 0, 0)).ParamName);
        Assert.Equal("pageCount", Assert.Throws<ArgumentOutOfRangeException>(() => file.SetOrder(16, Pages - 15, 0)).ParamName);
        Assert.Equal("pageCount", Assert.Throws<ArgumentOutOfRangeException>(() => file.SetOrder(16, ulong.MaxValue, 0)).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.OrderAt(Pages));
        Assert.All(Enumerable.Range(0, Pages), page => Assert.Equal(9, file.OrderAt((ulong)page)));

        var host = new HostMapping();
        host.Map(0, HostMapping.AddressEnd, MappingLevel.Size1G);
        Assert.Equal("level", Assert.Throws<ArgumentOutOfRangeException>(() => host.Map(0, 4096, MappingLevel.None)).ParamName);
        Assert.Equal("address", Assert.Throws<ArgumentOutOfRangeException>(() => host.Map(HostMapping.AddressEnd, 4096, MappingLevel.Size4K)).ParamName);
        Assert.Equal("address", Assert.Throws<ArgumentException>(() => host.Map(4096, 2 << 20, MappingLevel.Size2M)).ParamName);
        Assert.Equal("size", Assert.Throws<ArgumentException>(() => host.Map(0, 4096, MappingLevel.Size2M)).ParamName);
        Assert.Equal("size", Assert.Throws<ArgumentOutOfRangeException>(() => host.Unmap(4096, HostMapping.AddressEnd)).ParamName);
        Assert.Equal("size", Assert.Throws<ArgumentOutOfRangeException>(() => host.Unmap(4096, 0)).ParamName);
        Assert.Equal(MappingLevel.Size1G, host.LevelAt(4096));
        Assert.Equal(MappingLevel.Size1G, host.LevelAt(HostMapping.AddressEnd - 1));
        Assert.Equal(MappingLevel.Size4K, host.LevelAt(ulong.MaxValue));
    }

    /// <summary>Pages of an order over a range; a larger page that it cuts becomes small ones, wherever they are.</summary>
    internal static void SetAndSplit(int[] orders, int first, int count, int order)
    {
        foreach (int edge in (int[])[first, first + count])
        {
            if (edge == orders.Length)
                continue;
            int size = 1 << orders[edge];
            int start = edge / size * size;
            if (start < edge)
                orders.AsSpan(start, size).Clear();
        }

        orders.AsSpan(first, count).Fill(order);
    }

    private static GuestMemfd File()
    {
        Assert.Equal(Errno.None, new MappingSpace().CreateGuestMemfd(Pages * 4096ul, GuestMemfdTraits.None, out GuestMemfd? file));
        return file!;
    }
}
