using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm.Tests.Support;

/// <summary>A log's harvest as a set of pages.</summary>
internal readonly struct PageSet() : IDirtyPageSink
{
    public SortedSet<(uint Slot, ulong Page)> Pages { get; } = [];

    public static SortedSet<(uint Slot, ulong Page)> HarvestOf(IDirtyLog log)
    {
        var set = new PageSet();
        log.Harvest(ref set);
        return set.Pages;
    }

    public static IEnumerable<(uint Slot, ulong Page)> Expected(int firstPage, int count, int stride = 1, uint slot = 0) =>
        Enumerable.Range(0, count).Select(i => (slot, (ulong)(firstPage + (i * stride))));

    public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
            Pages.Add((slot.Id, baseOffset + (ulong)BitOperations.TrailingZeroCount(mask)));
    }
}
