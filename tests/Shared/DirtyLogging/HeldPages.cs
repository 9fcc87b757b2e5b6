using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>What a harvest in two phases holds, as (slot, offset).</summary>
internal static class HeldPages
{
    /// <summary>The pages of a harvest, which must be whole words in their order, none twice, and as many as it counts.</summary>
    public static SortedSet<(uint Slot, ulong Offset)> Of(DirtyHarvest harvest)
    {
        SortedSet<(uint Slot, ulong Offset)> pages = [];
        var set = new DirtySet(pages);
        (int Ordinal, ulong BaseOffset)? last = null;
        ulong count = 0;
        foreach (DirtyPages held in harvest)
        {
            Assert.NotEqual(0ul, held.Mask);
            Assert.Equal(0ul, held.BaseOffset % 64);
            Assert.True(last is null || last.Value.CompareTo((held.Slot.Ordinal, held.BaseOffset)) < 0, "The words do not ascend.");
            last = (held.Slot.Ordinal, held.BaseOffset);
            set.Accept(held.Slot, held.BaseOffset, held.Mask);
            count += (uint)BitOperations.PopCount(held.Mask);
        }

        Assert.Equal(count, harvest.PageCount);
        Assert.Equal((ulong)pages.Count, count);
        return pages;
    }

    /// <summary>Takes a log's dirty pages, and confirms them.</summary>
    public static SortedSet<(uint Slot, ulong Offset)> TakeFrom(IDirtyLog log)
    {
        using DirtyHarvest harvest = log.Take();
        SortedSet<(uint Slot, ulong Offset)> pages = Of(harvest);
        Assert.Equal((ulong)pages.Count, harvest.Confirm());
        return pages;
    }
}
