using System.Numerics;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>Marks pages in a slot's log.</summary>
internal readonly struct MemslotMarker(MemslotLog<HardwareOrdering> log) : IDirtyPageSink
{
    public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
            log.Mark(baseOffset + (uint)BitOperations.TrailingZeroCount(mask));
    }
}
