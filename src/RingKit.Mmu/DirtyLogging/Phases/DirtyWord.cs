using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>Dirty pages of one aligned stretch of 64 pages, in 16 bytes.</summary>
/// <param name="Key">The slot's ordinal in bits 32..63, the stretch's number in bits 0..31: ascending as slots and pages are.</param>
/// <param name="Mask">Bit i stands for page 64 * stretch + i.</param>
internal readonly record struct DirtyWord(ulong Key, ulong Mask)
{
    public int Ordinal => (int)(Key >> 32);

    public ulong Word => (uint)Key;

    // A slot has fewer than 2^31 pages, so a word's number has fewer than 26 bits.
    public static ulong KeyOf(MemorySlot slot, ulong word) => ((ulong)(uint)slot.Ordinal << 32) | word;
}
