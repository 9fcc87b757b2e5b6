namespace RingKit.Bitmaps.Slots;

/// <summary>Takes dirty pages of several slots as 64-bit masks.</summary>
public interface IDirtySlotSink
{
    /// <summary>Takes the dirty pages of one word of a slot. If it throws, they are dirty again.</summary>
    /// <param name="slot">The slot's number, from 0.</param>
    /// <param name="firstPage">The page of bit 0, counted from the slot's first page: a multiple of 64.</param>
    /// <param name="mask">Bit i stands for page <paramref name="firstPage"/> + i of the slot; never 0.</param>
    void Accept(int slot, ulong firstPage, ulong mask);
}
