using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging;

/// <summary>Collects pages, and has more of them recorded whenever it is handed some.</summary>
internal readonly struct RecordingSink(SortedSet<(uint Slot, ulong Offset)> pages, Action record) : IDirtyPageSink
{
    public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        new DirtySet(pages).Accept(slot, baseOffset, mask);
        record();
    }
}
