using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>Up to 64 neighbouring dirty pages of a slot.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="BaseOffset">Page index inside the slot: a multiple of 64.</param>
/// <param name="Mask">Bit i stands for page <paramref name="BaseOffset"/> + i; never 0, and bits beyond the slot are 0.</param>
public readonly record struct DirtyPages(MemorySlot Slot, ulong BaseOffset, ulong Mask);
