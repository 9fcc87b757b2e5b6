using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration;

/// <summary>Where two guest memories differ.</summary>
/// <param name="PagesCompared">How many pages were compared.</param>
/// <param name="DifferentPages">How many of them differ.</param>
/// <param name="FirstSlot">The slot of the first one that does, in the order of the slots; null if none does.</param>
/// <param name="FirstGfn">Its guest frame number.</param>
/// <param name="FirstByte">Its first byte that differs, from 0 to <see cref="GuestPage.Size"/> - 1.</param>
public readonly record struct MemoryDifference(long PagesCompared, long DifferentPages, uint? FirstSlot, ulong FirstGfn, int FirstByte)
{
    /// <summary>Whether there is none.</summary>
    public bool IsEqual => DifferentPages == 0;

    /// <summary>One line.</summary>
    public override string ToString() => FirstSlot is uint slot
        ? $"{DifferentPages} of {PagesCompared} pages differ; the first is frame 0x{FirstGfn:x} of slot {slot}, from its byte {FirstByte} on"
        : $"{PagesCompared} pages are equal";
}
