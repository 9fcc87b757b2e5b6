using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>Takes what a log collects into a list, cut at multiples of 64 pages.</summary>
internal readonly struct TakingSink(DirtyWordList list) : IDirtyPageSink
{
    public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        ulong key = DirtyWord.KeyOf(slot, baseOffset / 64);
        int shift = (int)(baseOffset % 64);
        if (shift == 0)
        {
            list.Add(key, mask);
            return;
        }

        if (mask << shift is var low and not 0)
            list.Add(key, low);
        if (mask >> (64 - shift) is var high and not 0)
            list.Add(key + 1, high);
    }
}
