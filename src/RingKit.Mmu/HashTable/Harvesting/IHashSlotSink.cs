using RingKit.Mmu.Guest;

namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>Takes the changed pages of a slot, up to 64 at a time.</summary>
internal interface IHashSlotSink
{
    /// <summary>Takes changed pages. If it throws, they are in the next harvest.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="word">Which 64 of its pages, the host's pages.</param>
    /// <param name="mask">Bit i stands for page 64 * <paramref name="word"/> + i of the slot; one or more are set, none beyond its end.</param>
    void Accept(MemorySlot slot, ulong word, ulong mask);
}
