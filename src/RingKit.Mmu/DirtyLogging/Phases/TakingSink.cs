using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>Takes what a log collects into a list, cut at multiples of 64 pages.</summary>
/// <param name="list">Gets it.</param>
/// <param name="rest">Gets what would come out of order in the list; null for a list whose order does not matter.</param>
internal struct TakingSink(DirtyWordList list, PendingPages? rest) : IDirtyPageSink
{
    /// <summary>Whether anything came out of order.</summary>
    public bool HasRest { get; private set; }

    public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        ulong key = DirtyWord.KeyOf(slot, baseOffset / 64);
        int shift = (int)(baseOffset % 64);
        if (shift == 0)
        {
            Take(key, mask);
            return;
        }

        if (mask << shift is var low and not 0)
            Take(key, low);
        if (mask >> (64 - shift) is var high and not 0)
            Take(key + 1, high);
    }

    private void Take(ulong key, ulong mask)
    {
        if (rest is null || list.IsInOrder(key))
        {
            list.Add(key, mask);
            return;
        }

        var word = new DirtyWord(key, mask);
        rest.Add(word.Ordinal, word.Word, word.Mask);
        HasRest = true;
    }
}
