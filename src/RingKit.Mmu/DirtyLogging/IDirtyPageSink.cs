using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>Takes the dirty pages that a log harvests.</summary>
public interface IDirtyPageSink
{
    /// <summary>
    /// Takes up to 64 neighbouring dirty pages of a slot. Note them; read their contents only after the harvest has returned: until then a
    /// vCPU may still store through a translation that the harvest is about to invalidate.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="baseOffset">Page index inside the slot.</param>
    /// <param name="mask">Bit i stands for page <paramref name="baseOffset"/> + i; bits beyond the slot are 0. A page may come more than once.</param>
    void Accept(MemorySlot slot, ulong baseOffset, ulong mask);
}
