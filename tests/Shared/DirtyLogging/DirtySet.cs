using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging;

/// <summary>Collects dirty pages as (slot, offset), and fails on one outside its slot.</summary>
internal struct DirtySet(SortedSet<(uint Slot, ulong Offset)> pages) : IDirtyPageSink
{
    public readonly SortedSet<(uint Slot, ulong Offset)> Pages => pages;

    public static SortedSet<(uint Slot, ulong Offset)> Harvest(IDirtyLog log)
    {
        var sink = new DirtySet([]);
        log.Harvest(ref sink);
        return sink.Pages;
    }

    public readonly void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            ulong offset = baseOffset + (uint)BitOperations.TrailingZeroCount(mask);
            if (offset >= slot.PageCount)
                throw new InvalidOperationException($"Page {offset} is outside slot {slot.Id}, which has {slot.PageCount}.");
            pages.Add((slot.Id, offset));
        }
    }
}
