using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.Kvm;

/// <summary>Counts the pages of the slot that is stored to.</summary>
internal struct StoredPages : IDirtyPageSink
{
    public long Count { get; private set; }

    public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        if (slot.Id == StoringGuest.StoredSlot)
            Count += (long)ulong.PopCount(mask);
    }
}
