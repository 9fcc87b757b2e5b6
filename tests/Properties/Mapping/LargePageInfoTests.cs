using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.Mapping;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Mapping;

public sealed class LargePageInfoTests
{
    private static readonly MappingLevel[] Huge = [MappingLevel.Size2M, MappingLevel.Size1G];

    /// <summary>Slots whose ends and whose host address are aligned to 4K, 2M or 1G, each by itself.</summary>
    private static readonly Gen<MappingSlot> MisalignedSlots =
        from start in Frames(0, 3 << 18)
        from length in Frames(1, 3 << 18)
        from shift in Frames(0, 1 << 19)
        select new MappingSlot(0, start, Math.Max(length, 1), 0x7F00_0000_0000 + ((start + shift) << 12));

    [Fact]
    public void A_misaligned_slot_has_small_pages_at_head_and_tail_and_write_tracking_counts()
    {
        var slot = new MappingSlot(0, 0x40100, 1024, 0x7F00_0010_0000);
        var info = new LargePageInfo(slot);
        Assert.Equal([1u, 0, 1], Counts(info, slot, MappingLevel.Size2M));
        Assert.Equal([1u], Counts(info, slot, MappingLevel.Size1G));
        Assert.Equal(MappingLevel.Size4K, info.MaximumAt(0x401FF, MappingLevel.Size1G));
        Assert.Equal(MappingLevel.Size2M, info.MaximumAt(0x40200, MappingLevel.Size1G));
        Assert.Equal(MappingLevel.Size2M, info.MaximumAt(0x403FF, MappingLevel.Size1G));
        Assert.Equal(MappingLevel.Size4K, info.MaximumAt(0x40400, MappingLevel.Size1G));

        info.AddWriteTracked(0x40210);
        Assert.Equal([1u, 1, 1], Counts(info, slot, MappingLevel.Size2M));
        info.RemoveWriteTracked(0x40210);
        Assert.Equal([1u, 0, 1], Counts(info, slot, MappingLevel.Size2M));

        var incongruent = new MappingSlot(0, 0x40100, 1024, 0x7F00_0000_0000);
        Assert.Equal([1u, 1, 1], Counts(new LargePageInfo(incongruent), incongruent, MappingLevel.Size2M));
    }

    [Fact]
    public void Addresses_that_agree_within_2M_and_not_within_1G_have_2M_pages()
    {
        var slot = new MappingSlot(0, 0, 1 << 19, 0x7F00_0020_0000);
        var info = new LargePageInfo(slot);
        Assert.All(Counts(info, slot, MappingLevel.Size2M), count => Assert.Equal(0u, count));
        Assert.Equal([1u, 1], Counts(info, slot, MappingLevel.Size1G));
        Assert.Equal(MappingLevel.Size2M, info.MaximumAt(5, MappingLevel.Size1G));
    }

    [Fact]
    public void A_level_is_allowed_where_its_range_is_in_the_slot_and_the_addresses_agree()
    {
        Props.Check(
            Prop.ForAll(Arb.From(MisalignedSlots), slot =>
            {
                var info = new LargePageInfo(slot);
                foreach (MappingLevel level in Huge)
                {
                    ulong pages = MappingLevels.Pages(level);
                    bool agree = slot.BaseGfn % pages == (slot.UserspaceAddress >> 12) % pages;
                    foreach (ulong gfn in FirstOfEachRange(slot, level))
                    {
                        ulong start = gfn / pages * pages;
                        bool isInside = start >= slot.BaseGfn && start + pages <= slot.EndGfn;
                        Assert.Equal(isInside && agree, info.IsAllowed(level, gfn));
                        Assert.Equal(isInside && agree ? 0u : 1u, info.CountOf(level, gfn));
                    }
                }
            }),
            nameof(A_level_is_allowed_where_its_range_is_in_the_slot_and_the_addresses_agree));
    }

    [Fact]
    public void Counts_return_to_what_they_were_when_all_tracked_frames_are_released()
    {
        Gen<(MappingSlot Slot, int[] Frames, int Seed)> cases =
            from slot in MisalignedSlots
            from frames in Gen.ArrayOf(Gen.Choose(0, (int)slot.PageCount - 1))
            from seed in Gen.Choose(0, int.MaxValue)
            select (slot, frames, seed);

        Props.Check(
            Prop.ForAll(Arb.From(cases), run =>
            {
                var info = new LargePageInfo(run.Slot);
                uint[][] before = [.. Huge.Select(level => Counts(info, run.Slot, level))];
                ulong[] gfns = [.. run.Frames.Select(frame => run.Slot.BaseGfn + (ulong)frame)];
                foreach (ulong gfn in gfns)
                    info.AddWriteTracked(gfn);
                foreach (MappingLevel level in Huge)
                {
                    ulong pages = MappingLevels.Pages(level);
                    uint[] tracked = [.. FirstOfEachRange(run.Slot, level).Select(first => (uint)gfns.Count(gfn => gfn / pages == first / pages))];
                    Assert.Equal(before[(int)level - 2].Zip(tracked, (born, added) => born + added), Counts(info, run.Slot, level));
                }

                new Random(run.Seed).Shuffle(gfns);
                foreach (ulong gfn in gfns)
                    info.RemoveWriteTracked(gfn);
                Assert.Equal(before, Huge.Select(level => Counts(info, run.Slot, level)));
                Assert.Throws<InvalidOperationException>(() => info.RemoveWriteTracked(run.Slot.BaseGfn));
                Assert.Throws<InvalidOperationException>(() => info.RemoveWriteTracked(run.Slot.EndGfn - 1));
                Assert.Equal(before, Huge.Select(level => Counts(info, run.Slot, level)));
            }),
            nameof(Counts_return_to_what_they_were_when_all_tracked_frames_are_released));
    }

    [Fact]
    public void The_search_starts_at_the_maximum_and_skips_what_is_forbidden_below_an_allowed_level()
    {
        var slot = new MappingSlot(0, 0, 1 << 18, 0);
        var info = new LargePageInfo(slot);
        Assert.Equal(MappingLevel.Size2M, info.MaximumAt(0, MappingLevel.Size2M));
        Assert.Equal(MappingLevel.Size4K, info.MaximumAt(0, MappingLevel.Size4K));

        // Such a state cannot come about by alignment or by counting; the search is by level all the same.
        info.SetMixed(MappingLevel.Size2M, 0, mixed: true);
        Assert.Equal(MappingLevel.Size1G, info.MaximumAt(0, MappingLevel.Size1G));
        Assert.Equal(MappingLevel.Size4K, info.MaximumAt(0, MappingLevel.Size2M));
    }

    [Fact]
    public void Bad_arguments_are_refused_by_name_and_change_nothing()
    {
        var slot = new MappingSlot(0, 512, 512, 512 << 12);
        var info = new LargePageInfo(slot);
        Assert.Equal("slot", Assert.Throws<ArgumentNullException>(() => new LargePageInfo(null!)).ParamName);
        foreach (MappingSlot bad in (MappingSlot[])[slot with { PageCount = 0 }, slot with { PageCount = 1UL << 31 }, slot with { BaseGfn = 1UL << 40 }, slot with { BaseGfn = ulong.MaxValue }])
            Assert.Equal("slot", Assert.Throws<ArgumentOutOfRangeException>(() => new LargePageInfo(bad)).ParamName);
        foreach (ulong gfn in (ulong[])[0, 511, 1024, ulong.MaxValue])
        {
            Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => info.IsAllowed(MappingLevel.Size2M, gfn)).ParamName);
            Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => info.CountOf(MappingLevel.Size2M, gfn)).ParamName);
            Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => info.IsMixed(MappingLevel.Size2M, gfn)).ParamName);
            Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => info.MaximumAt(gfn, MappingLevel.Size2M)).ParamName);
            Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => info.AddWriteTracked(gfn)).ParamName);
            Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => info.RemoveWriteTracked(gfn)).ParamName);
        }

        foreach (MappingLevel level in (MappingLevel[])[MappingLevel.None, MappingLevel.Size4K, MappingLevel.Size1G + 1])
            Assert.Equal("level", Assert.Throws<ArgumentOutOfRangeException>(() => info.CountOf(level, 512)).ParamName);
        Assert.Equal("level", Assert.Throws<ArgumentOutOfRangeException>(() => info.IsAllowed(MappingLevel.None, 512)).ParamName);
        Assert.Equal("maximum", Assert.Throws<ArgumentOutOfRangeException>(() => info.MaximumAt(512, MappingLevel.None)).ParamName);
        Assert.True(info.IsAllowed(MappingLevel.Size2M, 512));
    }

    internal static Gen<ulong> Frames(int least, int most) =>
        from frame in Gen.Choose(least, most)
        from shift in Gen.Elements(0, 9, 18)
        select (ulong)(frame >> shift << shift);

    private static uint[] Counts(LargePageInfo info, MappingSlot slot, MappingLevel level) =>
        [.. FirstOfEachRange(slot, level).Select(gfn => info.CountOf(level, gfn))];

    private static IEnumerable<ulong> FirstOfEachRange(MappingSlot slot, MappingLevel level)
    {
        ulong pages = MappingLevels.Pages(level);
        for (ulong gfn = slot.BaseGfn; gfn < slot.EndGfn; gfn = (gfn / pages + 1) * pages)
            yield return gfn;
    }
}
