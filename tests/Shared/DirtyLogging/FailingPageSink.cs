using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging;

/// <summary>Takes so many masks, and throws at the next one.</summary>
internal struct FailingPageSink(int failAt, SortedSet<(uint Slot, ulong Offset)> taken) : IDirtyPageSink
{
    private int _calls;

    public readonly SortedSet<(uint Slot, ulong Offset)> Taken => taken;

    public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        if (_calls++ == failAt)
            throw new IOException("The transfer failed.");
        new DirtySet(taken).Accept(slot, baseOffset, mask);
    }
}
