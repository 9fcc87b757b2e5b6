using System.Numerics;

namespace RingKit.DirtyRings.Resetting;

/// <summary>Up to 64 neighbouring pages of a slot that one reset call covers.</summary>
/// <param name="Slot">Address space id in bits 16..31, memory slot id in bits 0..15.</param>
/// <param name="BaseOffset">The page of bit 0. Sums that pass 2^64 wrap, since the entries may hold anything.</param>
/// <param name="Mask">Bit i stands for page <paramref name="BaseOffset"/> + i; bit 0 is set in every batch that is not empty.</param>
public readonly record struct ResetBatch(uint Slot, ulong BaseOffset, ulong Mask)
{
    /// <summary>How many pages it covers, 1 to 64.</summary>
    public int PageCount => BitOperations.PopCount(Mask);

    /// <summary>Whether every page is inside a slot of <paramref name="pages"/> pages. The base alone comes first: the sum might wrap.</summary>
    public bool FitsIn(ulong pages) => BaseOffset < pages && (ulong)BitOperations.Log2(Mask) < pages - BaseOffset;
}
